// A chart is compiled once for its shape. A slider's move then changes its data only, at a tenth of the cost.

// The library comes behind this script, which is what the lock waits for; the notebook editor has it already.
const drawing = new Promise((resolve, reject) => {
  if (window.vegaLite) return resolve();
  const src = document.querySelector("meta[name=charts]")?.content;
  if (!src) return reject(new Error("this page brings no chart library"));
  const onerror = () => reject(new Error("the chart library could not be loaded"));
  document.head.append(el("script", { src, fetchPriority: "low", onload: resolve, onerror }));
});
drawing.catch(() => {});

class LabChart extends LabElement {
  build() {
    this.frame = el("div");
    this.append(this.frame);
    this.watch = new ResizeObserver(() => this.fit());
    this.watch.observe(this.frame);
  }

  release() {
    this.watch.disconnect();
    this.view?.finalize();
    this.view = this.shape = this.shown = undefined;
  }

  render() {
    const text = this.dataset.spec;
    if (text === this.shown) return;
    this.shown = text;
    this.drawn = Promise.resolve(this.drawn)
      .then(() => drawing)
      .then(() => text === this.shown && this.draw(this.spec))
      .catch((error) => this.frame.replaceChildren(el("p.small", {}, `The chart can’t be shown: ${error.message}. The table below has its figures.`)));
  }

  async draw({ datasets, ...shape }) {
    const key = canonical(shape);
    if (key !== this.shape) {
      this.view?.finalize();
      this.shape = key;
      this.width = this.frame.clientWidth;
      const { spec } = vegaLite.compile(shape);
      this.view = new vega.View(vega.parse(spec), { renderer: "svg", container: this.frame, hover: false });
    }
    for (const [name, rows] of Object.entries(datasets)) this.view.data(name, rows);
    await this.view.runAsync();
  }

  fit() {
    const width = this.frame.clientWidth;
    if (!this.view || !width || width === this.width) return;
    this.width = width;
    this.view.width(width).runAsync();
  }
}
