// Choices of parameters and draws, and drags.

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
