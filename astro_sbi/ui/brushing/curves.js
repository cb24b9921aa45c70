// Curves over the data, residuals under them.

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
