// Colours, letters and frames.

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
