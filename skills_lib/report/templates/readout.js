(() => {
  const axis = text => { const [low, high, kind] = text.split(" "); return {low: Number(low), high: Number(high), kind}; };
  const value = (axis, share) => axis.kind === "logarithmic" ? axis.low * (axis.high / axis.low) ** share
    : axis.low + (axis.high - axis.low) * share;
  const written = number => Math.abs(number) >= 1e15 ? number.toExponential(2)
    : number.toLocaleString("en-US", {maximumSignificantDigits: 4});
  const dayNs = 864e11, digits = axis => axis.high - axis.low > 28 * dayNs ? 10 : 16;  // a unit of x is a 4,000th
  const place = (axis, share) => axis.kind === "time"
    ? new Date(value(axis, share) / 1e6).toISOString().slice(0, digits(axis)).replace("T", " ") : written(value(axis, share));
  const nearest = (points, x) => {
    let low = 0, high = points.length - 1;
    while (low < high) { const middle = (low + high) >> 1; if (points[middle][0] < x) low = middle + 1; else high = middle; }
    return low && x - points[low - 1][0] < points[low][0] - x ? points[low - 1] : points[low];
  };
  for (const plot of document.querySelectorAll(".plot[data-x]")) {
    const x = axis(plot.dataset.x), y = axis(plot.dataset.y), svg = plot.querySelector("svg");
    const [, , width, height] = svg.querySelector("svg").getAttribute("viewBox").split(" ").map(Number);
    const lines = [...plot.querySelectorAll("path.line")].map(path => ({name: path.dataset.name,
      points: path.getAttribute("d").slice(1).split("L").map(pair => pair.split(" ").map(Number))}));
    const box = plot.appendChild(document.createElement("div"));
    const cursor = svg.appendChild(document.createElementNS("http://www.w3.org/2000/svg", "line"));
    box.className = "readout";
    cursor.setAttribute("class", "cursor");
    cursor.setAttribute("y2", "100%");
    const show = shown => { box.hidden = !shown; cursor.style.display = shown ? "" : "none"; };
    show(false);
    plot.addEventListener("pointerleave", () => show(false));
    plot.addEventListener("pointermove", event => {
      const area = svg.getBoundingClientRect(), share = (event.clientX - area.left) / area.width;
      if (share < 0 || share > 1) return show(false);
      const at = nearest(lines[0].points, share * width)[0];
      const texts = lines.map(line => {
        const up = 1 - nearest(line.points, at)[1] / height;
        return `${line.name ? `${line.name}: ` : ""}≈ ${written(value(y, up))}`;
      });
      box.textContent = [place(x, at / width), ...texts].join("\n");
      for (const end of ["x1", "x2"]) cursor.setAttribute(end, `${at / width * 100}%`);
      box.style.cssText = share < 0.5 ? "right: 14px" : `left: ${area.left - plot.getBoundingClientRect().left + 4}px`;
      show(true);
    });
  }
})();
