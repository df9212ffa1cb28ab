"""The dashboard: page set-up, who is looking, language, filter bar, navigation; nothing else."""

import streamlit as st

from pages.shared import anatomy, filter_bar, navigation, people, sidebar, view, words
from queries.holding import current

st.set_page_config(page_title="党群工作看板", page_icon=sidebar.MARK, layout="wide")
anatomy.style()

wrong = view.take_up()
words.speak(view.choice().lang or words.browser_language())  # for who is refused: their own language is not known yet
person = people.who()
snapshot = current()
language = view.choice().lang or person.language or words.browser_language()
seen = view.begin(person.viewer, snapshot, language, wrong)
view.settle()

page = st.navigation(navigation.pages(person.viewer), expanded=True)
entry = navigation.entry(page.url_path or navigation.entries(person.viewer)[0].key)
sidebar.draw(person, language)

seen = view.on_page(seen, entry.dimensions)
if entry.filtered:
    filter_bar.draw(seen)
page.run()
