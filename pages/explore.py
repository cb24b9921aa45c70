"""Move a simulator's parameters and watch its data change."""

import streamlit as st

from astro_sbi import simulators
from astro_sbi.ui import cached_models, explore_view, navigation
from astro_sbi.ui.model_form import model_form
from astro_sbi.ui.spoken import said
from astro_sbi.ui.words import escaped

navigation.guard()
st.title("Explore", anchor=False)
st.caption("What would the data look like? Every choice is in this page's address, so a link shows others the same picture.")

every = {simulator.name: simulator for simulator in simulators.simulators()}
name = st.selectbox("Simulator", list(every), format_func=lambda name: every[name].title, key="simulator", bind="query-params", width=480)


with said():
    options = model_form(every[name], in_address=True)
    usual = cached_models.explorer(name, options)
    picture = st.container()
    theta = explore_view.parameter_sliders(usual)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        seed = st.number_input(
            "Seed of the noise",
            0,
            explore_view.SEEDS,
            1,
            key="noise_seed",
            bind="query-params",
            help="The same seed draws the same noise.",
            width=180,
        )
        draws = st.number_input(
            "Curves drawn from the prior",
            0,
            explore_view.MOST_PRIOR_DRAWS,
            0,
            step=10,
            key="prior_curves",
            bind="query-params",
            help="Curves without noise of parameters drawn from the prior: what the simulator expects before seeing data.",
            width=220,
        )
        number = explore_view.pattern_choice()
        folded = explore_view.fold_choice(usual)
    explorer = cached_models.explorer(name, options, number)
    with picture:
        noisy = explore_view.simulated_view(explorer, theta, int(seed), int(draws), folded=folded)
    if explore_view.can_answer(explorer) and st.toggle(
        "Infer from these data", key="answer", bind="query-params", help="A flow trained before answers at once and follows the sliders."
    ):
        explore_view.instant_posterior(explorer, theta, noisy)
    effects = st.expander("What each parameter does", icon=":material/tune:", key="effects", bind="query-params")
    if effects.open:
        with effects:
            explore_view.effects_view(usual)
    with st.expander("About this simulator", icon=":material/menu_book:"):
        st.markdown(f"{escaped(explorer.simulator.summary)}\n\n{escaped(explorer.simulator.reference)}")
        st.markdown("\n".join(f"- {escaped(caveat)}" for caveat in explorer.simulator.caveats))
