(function () {
  var text = document.getElementById("text"), count = document.getElementById("count");
  var selects = ["module", "level", "outcome"].map(function (id) { return document.getElementById(id); });
  var cases = Array.prototype.slice.call(document.querySelectorAll(".case"));
  function show() {
    var wanted = text.value.toLowerCase(), shown = 0;
    cases.forEach(function (one) {
      var fits = selects.every(function (s) { return !s.value || one.dataset[s.id] === s.value; });
      fits = fits && one.querySelector("summary").textContent.toLowerCase().indexOf(wanted) >= 0;
      one.hidden = !fits;
      if (fits) { shown += 1; }
    });
    count.textContent = shown + " of " + cases.length;
  }
  text.addEventListener("input", show);
  selects.forEach(function (s) { s.addEventListener("change", show); });
  document.querySelectorAll("a[data-module],a[data-outcome]").forEach(function (link) {
    link.addEventListener("click", function (event) {
      event.preventDefault();
      selects.forEach(function (s) { if (link.dataset[s.id]) { s.value = link.dataset[s.id]; } });
      show();
      document.querySelector("nav").scrollIntoView();
    });
  });
  show();
})();
