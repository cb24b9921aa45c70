// Draws of a posterior, their curves and their residuals, linked: a box over draws picks curves, a stretch of the data colours draws.

const STEPS = 65535;
const BINS = 1024; // of the 16-bit steps, for quantiles by counting
const MOST_CURVES = 100;
const SHADES = 9;
const CELLS = 30; // of a histogram
const LEVELS = [0.025, 0.16, 0.5, 0.84, 0.975];
const CLICK_PX = 4;
const NARROW = 500;
const SMALLEST_TYPE = 8;

const views = new WeakMap();

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".brush");
  if (!root || !data) return undefined;
  const before = views.get(root);
  if (before && before.rows === data.rows) {
    before.redraw();
  } else {
    before?.close();
    views.set(root, open(root, data));
  }
  return () => {
    views.get(root)?.close();
    views.delete(root);
  };
}

function open(root, data) {
  const find = (name) => root.querySelector(name);
  const draws = drawsOf(data);
  const state = { shown: [], box: null, picked: null, region: null, shade: null };
  const matrix = surface(find(".matrix"), data.alt);
  const curves = surface(find(".curves"), data.alt);
  let width = 0;
  let theme = null;

  function redraw() {
    theme = themeOf(root, data.colours);
    const wide = root.clientWidth;
    if (!wide) return;
    const side = wide < 820 ? wide : Math.round(0.46 * wide);
    const square = Math.min(side, state.shown.length > 1 ? 620 : 380);
    layMatrix(matrix, square, state.shown.length);
    layCurves(curves, wide < 820 ? wide : wide - square - 16);
    drawMatrix(matrix, draws, state, theme);
    drawCurves(curves, draws, theme);
    refresh();
  }

  function refresh() {
    const began = performance.now();
    const held = state.picked || state.region;
    matrix.base.canvas.style.opacity = held ? 0.45 : 1;
    overMatrix(matrix, draws, state, theme);
    overCurves(curves, draws, state, theme);
    tell(find(".told"), draws, state);
    find(".clear").disabled = !held;
    root.dataset.redrawMs = (performance.now() - began).toFixed(2);
  }

  function select(box) {
    state.box = box;
    state.picked = box ? inside(draws, box) : null;
    refresh();
  }

  function colourBy(region) {
    state.region = region;
    state.shade = region ? shadesOf(draws, region) : null;
    refresh();
  }

  function clear() {
    find(".pick").value = "";
    state.region = state.shade = null;
    select(null);
  }

  choices(find(".choices"), draws, state, root.clientWidth < NARROW ? 2 : 3, () => {
    thirds(find(".pick"), draws, state, select);
    state.box = state.box && state.shown.includes(state.box.x) && state.shown.includes(state.box.y) ? state.box : null;
    redraw();
  });
  thirds(find(".pick"), draws, state, select);
  find(".clear").onclick = clear;
  root.onkeydown = (event) => {
    if (event.key === "Escape") clear();
  };
  drag(matrix.over.canvas, (from, to) => select(boxOf(matrix, state, from, to)), () => select(null), (at) => panelAt(matrix, at));
  drag(curves.over.canvas, (from, to) => colourBy(stretch(curves, from, to)), () => colourBy(null), (at) => at[0] > curves.left && at[0] < curves.right);
  find(".plain").hidden = true;
  find(".view").hidden = false;
  const watcher = new ResizeObserver(() => root.clientWidth !== width && ((width = root.clientWidth), redraw()));
  watcher.observe(root);
  return { rows: data.rows, redraw, close: () => watcher.disconnect() };
}
