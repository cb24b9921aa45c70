// The scatter matrix of parameters.

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
