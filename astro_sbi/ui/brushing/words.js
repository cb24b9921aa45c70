// What is selected, in words.

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
