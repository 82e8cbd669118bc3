// Pages of the guide come before those of the reference, whatever a name is worth.
var Scorer = {
  score: ([page, , , , score]) => (/^(api|changelog|commands|licences)\b/.test(page) ? score - 100 : score),
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,
};
