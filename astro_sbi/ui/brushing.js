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

// --- what travelled -------------------------------------------------------------------------------------------------------------

function drawsOf(data) {
  const bytes = Uint8Array.from(atob(data.rows), (letter) => letter.charCodeAt(0));
  const steps = new Uint16Array(bytes.buffer);
  const { parameters, observed, draws: count, ends } = data;
  const first = parameters.length;
  const points = observed.value.length;
  const everyone = Int32Array.from({ length: count }, (_, i) => i);
  const numbers = ends.map(([low, high], row) => Float64Array.from(everyone, (i) => low + ((high - low) * steps[row * count + i]) / STEPS));
  const [values, curves] = [numbers.slice(0, first), numbers.slice(first)];
  const residuals = curves.map((curve, m) => curve.map((model) => (observed.value[m] - model) / observed.sigma[m]));
  const found = { parameters, observed, count, points, inAll: data.points_in_all, first, steps, ends, values, curves, residuals, everyone };
  found.chi2 = Float64Array.from(everyone, (i) => meanOver(points, (m) => residuals[m][i] ** 2));
  found.bands = bandsOf(found, everyone);
  found.median = found.bands[2];
  return found;
}

function meanOver(size, of) {
  let sum = 0;
  for (let i = 0; i < size; i++) sum += of(i);
  return sum / size;
}

/** Quantiles of the curves of some draws at each point, by counting: one array for each level. */
function bandsOf(draws, chosen) {
  const { steps, count, first, points, ends } = draws;
  const bands = LEVELS.map(() => new Float64Array(points));
  const counts = new Uint16Array(BINS);
  for (let m = 0; m < points; m++) {
    const start = (first + m) * count;
    const [low, high] = ends[first + m];
    counts.fill(0);
    for (let k = 0; k < chosen.length; k++) counts[steps[start + chosen[k]] >> 6]++;
    let bin = 0;
    let passed = counts[0];
    for (let level = 0; level < LEVELS.length; level++) {
      const wanted = LEVELS[level] * chosen.length;
      while (passed < wanted && bin < BINS - 1) passed += counts[++bin];
      const within = counts[bin] ? 1 - (passed - wanted) / counts[bin] : 0.5;
      bands[level][m] = low + ((high - low) * (bin + within)) / BINS;
    }
  }
  return bands;
}

function quantile(sorted, level) {
  const place = level * (sorted.length - 1);
  const under = Math.floor(place);
  return sorted[under] + (place - under) * ((sorted[under + 1] ?? sorted[under]) - sorted[under]);
}

function inside(draws, box) {
  const { x, y, x0, x1, y0, y1 } = box;
  return draws.everyone.filter((i) => {
    const across = draws.values[x][i];
    if (across < x0 || across > x1) return false;
    const up = y === x ? 0 : draws.values[y][i];
    return y === x || (up >= y0 && up <= y1);
  });
}

/** Mean residual of each draw over the points of a stretch, and its shade: from the 5 % quantile to the 95 % one. */
function shadesOf(draws, [from, to]) {
  const members = [];
  draws.observed.across.forEach((place, m) => place >= from && place <= to && members.push(m));
  if (!members.length) return { members };
  const mean = Float64Array.from(draws.everyone, (i) => meanOver(members.length, (k) => draws.residuals[members[k]][i]));
  const sorted = Float64Array.from(mean).sort();
  const low = quantile(sorted, 0.05);
  const high = quantile(sorted, 0.95);
  const shade = Uint8Array.from(mean, (value) => Math.max(0, Math.min(SHADES - 1, Math.floor((SHADES * (value - low)) / (high - low || 1)))));
  return { members, low, high, shade };
}

// --- controls -------------------------------------------------------------------------------------------------------------------

function choices(place, draws, state, begun, changed) {
  const most = Math.min(4, draws.parameters.length);
  place.replaceChildren();
  const selects = [...Array(most).keys()].map((number) => {
    const select = document.createElement("select");
    select.setAttribute("aria-label", `Parameter ${number + 1}`);
    if (number > 1) select.append(new Option("none", ""));
    draws.parameters.forEach((parameter, index) => select.append(new Option(parameter.name, index)));
    select.value = number < begun ? number : "";
    place.append(select);
    return select;
  });
  const read = () => [...new Set(selects.map((select) => select.value).filter((value) => value !== "").map(Number))];
  state.shown = read();
  selects.forEach((select) => {
    select.onchange = () => {
      state.shown = read();
      changed();
    };
  });
}

function thirds(select, draws, state, pick) {
  const kept = select.value;
  select.replaceChildren(new Option("Select draws…", ""));
  for (const index of state.shown)
    for (const part of ["lowest", "highest"]) select.append(new Option(`${part} third of ${draws.parameters[index].name}`, `${index} ${part}`));
  select.value = [...select.options].some((option) => option.value === kept) ? kept : "";
  select.onchange = () => {
    if (!select.value) return pick(null);
    const [index, part] = select.value.split(" ");
    const x = Number(index);
    const sorted = Float64Array.from(draws.everyone, (i) => draws.values[x][i]).sort();
    const ends = part === "lowest" ? [-Infinity, quantile(sorted, 1 / 3)] : [quantile(sorted, 2 / 3), Infinity];
    return pick({ x, y: x, x0: ends[0], x1: ends[1] });
  };
}

function drag(canvas, moved, clicked, allowed) {
  let from = null;
  const at = (event) => {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  };
  canvas.onpointerdown = (event) => {
    from = allowed(at(event)) ? at(event) : null;
    if (from && event.isTrusted) canvas.setPointerCapture(event.pointerId);
  };
  canvas.onpointermove = (event) => from && moved(from, at(event));
  canvas.onpointerup = (event) => {
    const to = at(event);
    if (from && Math.hypot(to[0] - from[0], to[1] - from[1]) < CLICK_PX) clicked();
    from = null;
  };
  canvas.onpointercancel = () => {
    from = null;
  };
}

// --- places ---------------------------------------------------------------------------------------------------------------------

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

// --- drawing --------------------------------------------------------------------------------------------------------------------

function themeOf(root, colours) {
  const style = getComputedStyle(root);
  const text = style.color;
  const back = style.getPropertyValue("--st-background-color").trim() || "#ffffff";
  return { ...colours, text, back, border: "rgba(128,128,128,0.65)", font: style.fontFamily };
}

/** Symbols and words; what is wider than `most` shrinks, and gives way to the shorter where it would be too small to read. */
function letters(context, theme, pieces, x, y, { align = "center", turned = false, points = 13, most = Infinity, short = null } = {}) {
  const set = ([, raised, slanted]) => {
    context.font = `${slanted ? "italic " : ""}${raised ? 0.72 * points : points}px ${theme.font}`;
  };
  const widths = pieces.map((piece) => {
    set(piece);
    return context.measureText(piece[0]).width;
  });
  const whole = widths.reduce((sum, width) => sum + width, 0);
  if (whole > most) {
    const smaller = (points * most) / whole;
    if (smaller >= SMALLEST_TYPE) return letters(context, theme, pieces, x, y, { align, turned, points: smaller });
    if (short) return letters(context, theme, short, x, y, { align, turned, points });
  }
  context.save();
  context.translate(x, y);
  if (turned) context.rotate(-Math.PI / 2);
  context.fillStyle = theme.text;
  let place = align === "center" ? -whole / 2 : align === "right" ? -whole : 0;
  pieces.forEach((piece, k) => {
    set(piece);
    context.fillText(piece[0], place, -0.34 * points * piece[1]);
    place += widths[k];
  });
  context.restore();
  return undefined;
}

function frame(context, theme, left, top, width, height) {
  context.strokeStyle = theme.border;
  context.lineWidth = 1;
  context.strokeRect(left + 0.5, top + 0.5, width - 1, height - 1);
}

function within(context, left, top, width, height, draw) {
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  draw();
  context.restore();
}

function number(text) {
  return [[text, 0, false]];
}

function drawMatrix(matrix, draws, state, theme) {
  const context = matrix.axes;
  matrix.parameters = draws.parameters;
  matrix.tallest = state.shown.map((row) => Math.max(...counted(draws, row, draws.everyone)));
  for (const each of [context, matrix.base]) each.clearRect(0, 0, matrix.width, matrix.height);
  for (const panel of matrix.panels) {
    const [x, y] = [draws.parameters[state.shown[panel.column]], draws.parameters[state.shown[panel.row]]];
    frame(context, theme, panel.left, panel.top, panel.size, panel.size);
    points(matrix, matrix.base, panel, draws, state, draws.everyone, () => theme.posterior, 2);
    const { left, top, size: side } = panel;
    if (panel.row === state.shown.length - 1) {
      const scale = scaleIn(panel, x.range);
      for (const [value, text] of fitting(x.ticks, side)) letters(context, theme, number(text), scale.x(value), top + side + 14, { points: 11 });
      letters(context, theme, x.axis, left + side / 2, top + side + 32, { most: side + 6, short: x.symbol });
    }
    if (panel.column === 0 && panel.row > 0) {
      const scale = scaleIn(panel, y.range);
      for (const [value, text] of y.ticks) letters(context, theme, number(text), left - 4, scale.y(value) + 4, { align: "right", points: 11 });
      letters(context, theme, y.axis, 12, top + side / 2, { turned: true, most: side + 6, short: y.symbol });
    }
  }
}

/** As many numbers as stand clear of each other under a panel. */
function fitting(ticks, side) {
  const widest = Math.max(...ticks.map(([, text]) => text.length)) * 6.2 + 8;
  return ticks.length * widest <= side ? ticks : ticks.filter((_, k) => k % Math.ceil((ticks.length * widest) / side) === 0);
}

/** Draws of a panel as points, or as a histogram on the diagonal. */
function points(matrix, context, panel, draws, state, chosen, colour, dot) {
  const [x, y] = [state.shown[panel.column], state.shown[panel.row]];
  const across = scaleIn(panel, draws.parameters[x].range);
  within(context, panel.left, panel.top, panel.size, panel.size, () => {
    if (x === y) return histogram(context, panel, counted(draws, x, chosen), matrix.tallest[panel.row], colour(-1));
    const up = scaleIn(panel, draws.parameters[y].range);
    let pen = "";
    context.globalAlpha = 0.75;
    for (let k = 0; k < chosen.length; k++) {
      const i = chosen[k];
      if (colour(i) !== pen) context.fillStyle = pen = colour(i);
      context.fillRect(across.x(draws.values[x][i]) - dot / 2, up.y(draws.values[y][i]) - dot / 2, dot, dot);
    }
    return undefined;
  });
}

function counted(draws, row, chosen) {
  const [low, high] = draws.parameters[row].range;
  const counts = new Float64Array(CELLS);
  for (let k = 0; k < chosen.length; k++) {
    const cell = Math.floor((CELLS * (draws.values[row][chosen[k]] - low)) / (high - low));
    if (cell >= 0 && cell < CELLS) counts[cell]++;
  }
  return counts;
}

function histogram(context, panel, counts, tallest, colour) {
  context.globalAlpha = 0.6;
  context.fillStyle = colour;
  counts.forEach((height, cell) => {
    const tall = (0.92 * panel.size * height) / tallest;
    context.fillRect(panel.left + (cell * panel.size) / CELLS, panel.top + panel.size - tall, panel.size / CELLS + 0.3, tall);
  });
}

function shadeColours(theme) {
  const mix = (from, to, share) => {
    const parts = [1, 3, 5].map((k) => Math.round(parseInt(from.slice(k, k + 2), 16) * (1 - share) + parseInt(to.slice(k, k + 2), 16) * share));
    return `rgb(${parts.join(",")})`;
  };
  return [...Array(SHADES).keys()].map((k) => {
    const place = (2 * k) / (SHADES - 1);
    return place < 1 ? mix(theme.posterior, "#a8a8a8", place) : mix("#a8a8a8", theme.warm, place - 1);
  });
}

function overMatrix(matrix, draws, state, theme) {
  const context = matrix.over;
  context.clearRect(0, 0, matrix.width, matrix.height);
  const { picked, box } = state;
  const shaded = state.shade?.shade;
  if (!picked && !shaded) return;
  const palette = shadeColours(theme);
  const colour = shaded ? (i) => (i < 0 ? theme.selected : palette[shaded[i]]) : () => theme.selected;
  for (const panel of matrix.panels) {
    const diagonal = panel.row === panel.column;
    if (!diagonal || picked) points(matrix, context, panel, draws, state, picked ?? draws.everyone, colour, 2.6);
    if (box && box.x === state.shown[panel.column] && box.y === state.shown[panel.row]) outline(context, panel, draws, box, theme);
  }
}

function outline(context, panel, draws, box, theme) {
  const across = scaleIn(panel, draws.parameters[box.x].range);
  const up = scaleIn(panel, draws.parameters[box.y].range);
  const [left, right] = [Math.max(panel.left, across.x(box.x0)), Math.min(panel.left + panel.size, across.x(box.x1))];
  const [top, bottom] = box.x === box.y ? [panel.top, panel.top + panel.size] : [up.y(box.y1), up.y(box.y0)];
  within(context, panel.left, panel.top, panel.size, panel.size, () => {
    context.strokeStyle = theme.text;
    context.setLineDash([4, 3]);
    context.strokeRect(left + 0.5, top + 0.5, right - left - 1, bottom - top - 1);
  });
}

function drawCurves(curves, draws, theme) {
  const context = curves.base;
  const { observed } = draws;
  const { left, right, upper, lower, side } = curves;
  const wide = right - left;
  for (const each of [curves.axes, context]) each.clearRect(0, 0, curves.width, curves.height);
  curves.across = Float64Array.from(observed.across, (share) => left + share * wide);
  curves.value = heights(upper, observed.value_range);
  curves.left_over = heights(lower, [-observed.reach, observed.reach]);
  const [low95, low68, , high68, high95] = draws.bands;
  const away = (band) => band.map((value, m) => (value - draws.median[m]) / observed.sigma[m]);
  within(context, left, upper.top, wide, upper.height, () => {
    band(context, curves, observed, [low95, high95], curves.value, theme.posterior, 0.25);
    band(context, curves, observed, [low68, high68], curves.value, theme.posterior, 0.4);
    line(context, curves, observed, draws.median, curves.value, theme.posterior, 1.5);
    measured(context, curves, observed, theme);
  });
  within(context, left, lower.top, wide, lower.height, () => {
    rules(context, curves, left, wide, theme);
    band(context, curves, observed, [away(low95), away(high95)], curves.left_over, theme.posterior, 0.25);
    band(context, curves, observed, [away(low68), away(high68)], curves.left_over, theme.posterior, 0.4);
    residuals(context, curves, draws, theme);
  });
  const sidePanel = { left: right + 8, width: side };
  rules(context, curves, sidePanel.left, side, theme);
  spread(context, curves, draws, draws.everyone, theme.posterior, 0.35);
  bell(context, curves, draws, theme);
  for (const panel of [upper, lower]) frame(curves.axes, theme, left, panel.top, wide, panel.height);
  frame(curves.axes, theme, sidePanel.left, lower.top, side, lower.height);
  for (const share of observed.cuts) cut(curves.axes, theme, left + share * wide, upper.top, lower.top + lower.height);
  labelCurves(curves.axes, curves, draws, theme);
}

function labelCurves(context, curves, draws, theme) {
  const { observed } = draws;
  const { left, right, upper, lower, side } = curves;
  const foot = lower.top + lower.height;
  for (const [share, text] of observed.x_ticks) letters(context, theme, number(text), left + share * (right - left), foot + 15, { points: 11 });
  letters(context, theme, observed.x_axis, (left + right) / 2, foot + 35);
  for (const [value, text] of observed.value_ticks) {
    const y = curves.value(value);
    if (y > upper.top + 5 && y < upper.top + upper.height - 2) letters(context, theme, number(text), left - 4, y + 4, { align: "right", points: 11 });
  }
  letters(context, theme, observed.value_axis, 12, upper.top + upper.height / 2, { turned: true });
  for (const value of [-3, 0, 3]) letters(context, theme, number(`${value}`.replace("-", "−")), left - 4, curves.left_over(value) + 4, { align: "right", points: 11 });
  letters(context, theme, number("(data − median) / σ"), 12, lower.top + lower.height / 2, { turned: true });
  letters(context, theme, number("residual"), right + 8 + side / 2, foot + 15, { points: 11 });
}

/** Where the axis leaves a stretch out. */
function cut(context, theme, x, top, foot) {
  context.strokeStyle = theme.border;
  context.setLineDash([2, 4]);
  context.strokeRect(x - 2.5, top, 5, foot - top);
  context.setLineDash([]);
}

function rules(context, curves, left, wide, theme) {
  context.strokeStyle = theme.border;
  context.lineWidth = 1;
  for (const [value, dash] of [[0, []], [1, [5, 4]], [-1, [5, 4]], [3, [1, 3]], [-3, [1, 3]]]) {
    context.setLineDash(dash);
    context.beginPath();
    context.moveTo(left, curves.left_over(value));
    context.lineTo(left + wide, curves.left_over(value));
    context.stroke();
  }
  context.setLineDash([]);
}

function trace(context, curves, observed, heightAt) {
  for (const part of observed.lines)
    part.forEach((m, k) => (k ? context.lineTo(curves.across[m], heightAt(m)) : context.moveTo(curves.across[m], heightAt(m))));
}

function band(context, curves, observed, [low, high], scale, colour, opacity) {
  context.globalAlpha = opacity;
  context.fillStyle = colour;
  for (const part of observed.lines) {
    context.beginPath();
    part.forEach((m, k) => (k ? context.lineTo(curves.across[m], scale(low[m])) : context.moveTo(curves.across[m], scale(low[m]))));
    for (let k = part.length - 1; k >= 0; k--) context.lineTo(curves.across[part[k]], scale(high[part[k]]));
    context.fill();
  }
  context.globalAlpha = 1;
}

function line(context, curves, observed, values, scale, colour, width) {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  trace(context, curves, observed, (m) => scale(values[m]));
  context.stroke();
}

function measured(context, curves, observed, theme) {
  const dot = observed.value.length > 100 ? 2.4 : 4;
  for (const colour of new Set(observed.colour ?? [theme.text])) {
    context.strokeStyle = context.fillStyle = colour;
    context.lineWidth = 1;
    context.beginPath();
    observed.value.forEach((value, m) => {
      if (observed.colour && observed.colour[m] !== colour) return;
      const [x, y] = [curves.across[m], curves.value(value)];
      context.moveTo(x, curves.value(value - observed.sigma[m]));
      context.lineTo(x, curves.value(value + observed.sigma[m]));
      context.fillRect(x - dot / 2, y - dot / 2, dot, dot);
    });
    context.globalAlpha = 0.35;
    context.stroke();
    context.globalAlpha = 1;
  }
}

/** Data less the median of all curves, in errors. */
function residuals(context, curves, draws, theme) {
  const { value, sigma, colour } = draws.observed;
  const dot = value.length > 100 ? 2.4 : 4;
  value.forEach((number, m) => {
    context.fillStyle = colour ? colour[m] : theme.text;
    context.fillRect(curves.across[m] - dot / 2, curves.left_over((number - draws.median[m]) / sigma[m]) - dot / 2, dot, dot);
  });
}

/** Residuals of up to 300 of the draws at all points, as a lying histogram beside the residual panel. */
function spread(context, curves, draws, chosen, colour, opacity) {
  const cells = 34;
  const { reach } = draws.observed;
  const counts = new Float64Array(cells);
  const stride = Math.max(1, Math.floor(chosen.length / 300));
  let seen = 0;
  for (let m = 0; m < draws.points; m++) {
    const row = draws.residuals[m];
    for (let k = 0; k < chosen.length; k += stride) {
      const cell = Math.floor((cells * (row[chosen[k]] + reach)) / (2 * reach));
      if (cell >= 0 && cell < cells) counts[cell]++;
      seen++;
    }
  }
  const tall = curves.lower.height / cells;
  context.globalAlpha = opacity;
  context.fillStyle = colour;
  counts.forEach((count, cell) => {
    const length = (count / seen / ((2 * reach) / cells)) * curves.side * 2;
    context.fillRect(curves.right + 9, curves.lower.top + curves.lower.height - (cell + 1) * tall, Math.min(length, curves.side - 2), tall + 0.3);
  });
  context.globalAlpha = 1;
}

/** The unit Gaussian that residuals follow where model and errors are right. */
function bell(context, curves, draws, theme) {
  const { reach } = draws.observed;
  context.strokeStyle = theme.text;
  context.setLineDash([2, 2]);
  context.beginPath();
  for (let k = 0; k <= 60; k++) {
    const value = reach * (k / 30 - 1);
    const x = curves.right + 9 + (Math.exp(-0.5 * value * value) / Math.sqrt(2 * Math.PI)) * curves.side * 2;
    if (k) context.lineTo(x, curves.left_over(value));
    else context.moveTo(x, curves.left_over(value));
  }
  context.stroke();
  context.setLineDash([]);
}

function overCurves(curves, draws, state, theme) {
  const context = curves.over;
  const { left, right, upper, lower } = curves;
  context.clearRect(0, 0, curves.width, curves.height);
  const { picked, region } = state;
  if (region) {
    const [from, to] = region.map((share) => left + Math.max(0, Math.min(1, share)) * (right - left));
    context.globalAlpha = 0.18;
    context.fillStyle = theme.text;
    for (const panel of [upper, lower]) context.fillRect(from, panel.top, to - from, panel.height);
    context.globalAlpha = 1;
  }
  if (!picked?.length) return;
  const { observed } = draws;
  const median = bandsOf(draws, picked)[2];
  const lines = { value: (m, i) => curves.value(draws.curves[m][i]), median: (m) => curves.value(median[m]) };
  const away = (m, number) => curves.left_over((number - draws.median[m]) / observed.sigma[m]);
  const apart = { value: (m, i) => away(m, draws.curves[m][i]), median: (m) => away(m, median[m]) };
  for (const [panel, height, dots] of [[upper, lines, measured], [lower, apart, residuals]])
    within(context, left, panel.top, right - left, panel.height, () => {
      single(context, curves, draws, picked, height, theme);
      dots(context, curves, dots === measured ? observed : draws, theme);
    });
  spread(context, curves, draws, picked, theme.selected, 0.6);
}

/** Thin lines of up to `MOST_CURVES` of the draws, in one stroke, and their median. */
function single(context, curves, draws, picked, height, theme) {
  const stride = Math.max(1, Math.ceil(picked.length / MOST_CURVES));
  context.strokeStyle = theme.selected;
  context.globalAlpha = 0.45;
  context.lineWidth = 0.7;
  context.beginPath();
  for (let k = 0; k < picked.length; k += stride) trace(context, curves, draws.observed, (m) => height.value(m, picked[k]));
  context.stroke();
  context.globalAlpha = 1;
  context.lineWidth = 2;
  context.beginPath();
  trace(context, curves, draws.observed, height.median);
  context.stroke();
}

// --- words ----------------------------------------------------------------------------------------------------------------------

function written(place, pieces) {
  for (const [text, raised, slanted] of pieces) {
    const tag = raised ? (raised > 0 ? "sup" : "sub") : slanted ? "i" : "span";
    place.append(Object.assign(document.createElement(tag), { textContent: text }));
  }
}

function fixed(value, error) {
  const decimals = Math.min(20, Math.max(0, 1 - Math.floor(Math.log10(error || Math.abs(value) || 1))));
  return [value.toFixed(decimals).replace("-", "−"), error.toFixed(decimals)];
}

function tell(place, draws, state) {
  place.replaceChildren();
  const { picked, shade } = state;
  const chosen = picked ?? draws.everyone;
  const count = draws.count.toLocaleString("en");
  place.append(picked ? `${picked.length.toLocaleString("en")} of ${count} draws` : `All ${count} draws`);
  if (chosen.length) {
    for (const row of state.shown) {
      place.append("; ");
      interval(place, draws, row, chosen);
    }
    const chi2 = (members) => meanOver(members.length, (k) => draws.chi2[members[k]]).toFixed(2);
    place.append(`; χ² per point ${chi2(chosen)}`, picked ? ` (all draws ${chi2(draws.everyone)})` : "");
  }
  place.append(". ");
  if (draws.points < draws.inAll) place.append(`Curves are kept at ${draws.points} of ${draws.inAll.toLocaleString("en")} points. `);
  if (shade) tellShade(place, draws, shade);
}

function interval(place, draws, row, chosen) {
  const { symbol, unit, offset, size: scale } = draws.parameters[row];
  const sorted = Float64Array.from(chosen, (i) => draws.values[row][i]).sort();
  const inUnit = offset ? scale : 1;
  const [median, error] = [offset + inUnit * quantile(sorted, 0.5), (inUnit * (quantile(sorted, 0.84) - quantile(sorted, 0.16))) / 2];
  const power = offset || scale === 1 ? "" : String(Math.round(Math.log10(scale))).replace("-", "−");
  const [value, plus] = fixed(median, error);
  written(place, symbol);
  place.append(power ? ` = (${value} ± ${plus}) × 10` : ` = ${value} ± ${plus}`);
  if (power) written(place, [[power, 1, false]]);
  if (unit.length) {
    place.append(unit[0][0].startsWith("10") ? " × " : " ");
    written(place, unit);
  }
}

function tellShade(place, draws, shade) {
  const { x, x_name: name, x_unit: unit } = draws.observed;
  if (!shade.members.length) return place.append("No data point lies in the stretch.");
  const places = shade.members.map((m) => x[m]);
  const [low, high] = [Math.min(...places), Math.max(...places)];
  const decimals = Math.min(20, Math.max(0, 2 - Math.floor(Math.log10(high - low || Math.abs(low) || 1))));
  const short = (value) => value.toFixed(decimals).replace("-", "−");
  place.append(`${shade.members.length} point${shade.members.length > 1 ? "s" : ""} at `);
  written(place, name);
  place.append(` = ${short(low)}`, low < high ? ` to ${short(high)}` : "", unit.length ? " " : "");
  written(place, unit);
  const sigma = (value) => value.toFixed(2).replace("-", "−");
  return place.append(`: draws are coloured by their mean residual there, from ${sigma(shade.low)} σ (blue) to ${sigma(shade.high)} σ (orange).`);
}
