// Where panels stand, and what a place in them means.

function surface(stack, alt) {
  const [axes, base, over] = [...stack.querySelectorAll("canvas")].map((canvas) => canvas.getContext("2d"));
  over.canvas.setAttribute("aria-label", alt);
  return { stack, axes, base, over };
}

function size(surface, width, height) {
  const ratio = window.devicePixelRatio || 1;
  surface.stack.style.width = `${width}px`;
  surface.stack.style.height = `${height}px`;
  for (const context of [surface.axes, surface.base, surface.over]) {
    context.canvas.width = Math.round(width * ratio);
    context.canvas.height = Math.round(height * ratio);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
  }
  Object.assign(surface, { width, height });
}

function layMatrix(matrix, side, count) {
  const left = 62;
  const panel = (side - left - 10 - 8 * (count - 1)) / count;
  size(matrix, side, side - left + 46);
  matrix.panels = [];
  for (let row = 0; row < count; row++)
    for (let column = 0; column <= row; column++)
      matrix.panels.push({ row, column, left: left + column * (panel + 8), top: 4 + row * (panel + 8), size: panel });
}

function layCurves(curves, width) {
  size(curves, width, 470);
  const side = width < NARROW ? 56 : 84;
  Object.assign(curves, { left: 66, right: width - side - 14, side });
  curves.upper = { top: 6, height: 230 };
  curves.lower = { top: 248, height: 176 };
}

function panelAt(matrix, [x, y]) {
  return matrix.panels.find((panel) => x >= panel.left && x <= panel.left + panel.size && y >= panel.top && y <= panel.top + panel.size);
}

function scaleIn(panel, range) {
  return {
    x: (value) => panel.left + (panel.size * (value - range[0])) / (range[1] - range[0]),
    y: (value) => panel.top + panel.size * (1 - (value - range[0]) / (range[1] - range[0])),
    acrossAt: (x) => range[0] + ((range[1] - range[0]) * (x - panel.left)) / panel.size,
    upAt: (y) => range[0] + (range[1] - range[0]) * (1 - (y - panel.top) / panel.size),
  };
}

function boxOf(matrix, state, from, to) {
  const panel = panelAt(matrix, from);
  const { parameters } = matrix;
  const [x, y] = [state.shown[panel.column], state.shown[panel.row]];
  const [across, up] = [scaleIn(panel, parameters[x].range), scaleIn(panel, parameters[y].range)];
  const xs = [from[0], to[0]].map(across.acrossAt).sort((a, b) => a - b);
  const ys = [from[1], to[1]].map(up.upAt).sort((a, b) => a - b);
  return { x, y, x0: xs[0], x1: xs[1], y0: ys[0], y1: ys[1] };
}

function stretch(curves, from, to) {
  return [from[0], to[0]].map((x) => (x - curves.left) / (curves.right - curves.left)).sort((a, b) => a - b);
}

function heights(panel, range) {
  return (value) => panel.top + panel.height * (1 - (value - range[0]) / (range[1] - range[0]));
}
