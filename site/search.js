// What Sphinx's search asks for before it starts: words on a page count for more than names in the interface.
const SPHINX_HIGHLIGHT_ENABLED = false;
var Scorer = {
  objNameMatch: 3,
  objPartialMatch: 1,
  objPrio: { 0: 0, 1: 0, 2: 0 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
