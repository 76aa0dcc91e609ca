"""Runs in the browser's Python under Node: a marimo session as the page starts one, reported as a line of JSON."""

import asyncio
import json
import sys

import altair
import js
import marimo
import msgspec
import pydantic
import rfc8785

import labkit
import mlsysim

NOTEBOOK = '''
import marimo
app = marimo.App()

@app.cell
def _():
    import altair as alt
    import marimo as mo
    return alt, mo

@app.cell
def _(mo):
    slider = mo.ui.slider(1, 10)
    mo.vstack([slider, mo.ui.dropdown(["a", "b"]), mo.ui.radio(["a"]), mo.ui.text_area(), mo.ui.run_button(),
        mo.ui.text().form(), mo.ui.table([{"a": 1}]), mo.ui.tabs({"a": "b"}), mo.accordion({"a": mo.md("b")}),
        mo.callout("x"), mo.stat("a"), mo.ui.switch(), mo.ui.number(1, 2), mo.download(b"x"), mo.tree({"a": 1})])
    return (slider,)

@app.cell
def _(mo, slider):
    mo.md(f"""# Title {slider.value}

$x^2$ :smile:

```python
print(1)
```

```fortran
print 1
```

| a | b |
|---|---|
| 1 | 2 |

/// note
text
///
- [ ] task
""")

@app.cell
def _(alt, slider):
    points = alt.Data(values=[{"x": 1, "y": slider.value}])
    x = alt.X("x:Q").axis(grid=False).title("x")
    chart = alt.Chart(points).mark_line().encode(x, alt.Y("y:Q").scale(type="log"))
    alt.layer(chart, chart).properties(title="t")

@app.cell
def _():
    1 / 0
'''

with open("notebook.py", "w") as file:
    file.write(NOTEBOOK)

from marimo._pyodide.bootstrap import create_session, instantiate  # noqa: E402
from marimo._utils.rst_to_html import convert_rst_to_html  # noqa: E402

session, bridge = create_session(
    filename="notebook.py", query_params={}, message_callback=js.messenger.callback, user_config={}
)
instantiate(session, True)
running = asyncio.create_task(session.start())  # noqa: RUF006


def messages():
    return [json.loads(message) for message in js.messages.to_py()]


for _ in range(600):
    await asyncio.sleep(0.05)  # noqa: F704
    if any(message["op"] == "completed-run" for message in messages()):
        break

outputs = [message["data"].get("output") for message in messages() if message["op"] == "cell-op"]
print(
    json.dumps(
        {
            "versions": {
                module.__name__: getattr(module, "__version__", "")
                for module in (altair, marimo, mlsysim, msgspec, pydantic, rfc8785, labkit)
            },
            "python": sys.version.split()[0],
            "kinds": sorted({output["mimetype"] for output in outputs if output}),
            "errors": [
                output["data"][0]["msg"] for output in outputs if output and output["channel"] == "marimo-error"
            ],
            "html": " ".join(output["data"] for output in outputs if output and isinstance(output["data"], str)),
            "docstring": mlsysim.__doc__,
            "rst": convert_rst_to_html("A *word* and :math:`x^2`."),
        }
    )
)
