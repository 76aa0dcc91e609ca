// The front page's roofline: a batch moves each machine's step along, from figures that were computed when the page was made.
(() => {
  "use strict";
  const figure = document.getElementById("roofline");
  const { batches, machines } = JSON.parse(figure.dataset.steps);
  const slider = figure.querySelector("input");
  const rows = figure.querySelectorAll("tbody tr");
  const dots = figure.querySelectorAll("circle");

  function show() {
    const step = slider.valueAsNumber;
    machines.forEach((steps, index) => {
      const [x, y, ...texts] = steps[step];
      dots[index].setAttribute("cx", x);
      dots[index].setAttribute("cy", y);
      texts.forEach((text, column) => (rows[index].cells[column + 1].textContent = text));
    });
    figure.querySelector("output").textContent = batches[step];
    slider.setAttribute("aria-valuetext", `batch ${batches[step]}`);
    slider.style.setProperty("--fill", `${(100 * step) / Number(slider.max)}%`);
  }

  // The points themselves can be dragged: the step is the one nearest to the pointer along the axis.
  const plot = figure.querySelector("svg");

  function drag({ clientX, clientY }) {
    const { x } = new DOMPoint(clientX, clientY).matrixTransform(plot.getScreenCTM().inverse());
    const away = machines[0].map(([place]) => Math.abs(place - x));
    slider.valueAsNumber = away.indexOf(Math.min(...away));
    show();
  }

  plot.addEventListener("pointerdown", (event) => {
    plot.setPointerCapture(event.pointerId);
    drag(event);
  });
  plot.addEventListener("pointermove", (event) => plot.hasPointerCapture(event.pointerId) && drag(event));
  slider.addEventListener("input", show);
  show();
})();
