// The query bar as an editor that completes what is typed. Without it the bar is a plain field, which works as well.
"use strict";

(() => {
  const input = document.querySelector("input[data-query-bar]");
  if (!input || !window.codemirror || !Element.prototype.attachShadow) return;
  const {
    EditorState, EditorView, Prec, keymap, placeholder, history, historyKeymap, defaultKeymap, autocompletion, startCompletion,
    acceptCompletion, moveCompletionSelection, selectedCompletion, completionKeymap, completionStatus, closeCompletion, StreamLanguage, HighlightStyle, syntaxHighlighting, setDiagnostics, tags,
  } = window.codemirror;

  // -- how it looks ------------------------------------------------------------------------------

  const WORDS = new Set(
    "and or not in between is null contains startswith group by sort asc desc fields limit cursor true false me self now today yesterday tomorrow".split(" "),
  );

  const language = StreamLanguage.define({
    token(stream) {
      if (stream.eatSpace()) return null;
      if (stream.match(/^"(?:[^"\\]|\\.)*"?/) || stream.match(/^'(?:[^']|'')*'?/)) return "string";
      if (stream.match(/^(?:!=|<=|>=|[=<>])/)) return "operator";
      if (stream.match(/^[(),]/)) return "punctuation";
      if (stream.match(/^[-+]?\d[\w:.+-]*/)) return "number";
      const word = stream.match(/^[^\s()=<>!,"']+/);
      if (!word) return stream.next() && null;
      return WORDS.has(word[0].toLowerCase()) ? "keyword" : "variableName";
    },
  });

  const colours = HighlightStyle.define([
    { tag: tags.keyword, color: "var(--accent)", fontWeight: "600" },
    { tag: tags.string, color: "var(--good)" },
    { tag: tags.number, color: "var(--warn)" },
    { tag: tags.operator, color: "var(--soft)" },
    { tag: tags.punctuation, color: "var(--soft)" },
  ]);

  const theme = EditorView.theme({
    "&": { fontSize: "13.5px", color: "var(--ink)" },
    "&.cm-focused": { outline: "none" },
    ".cm-scroller": { fontFamily: "var(--code)", lineHeight: "22px" },
    ".cm-content": { padding: "6px 0", caretColor: "var(--ink)" },
    ".cm-line": { padding: "0 4px" },
    ".cm-placeholder": { color: "var(--faint)" },
    ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--bad)", textUnderlineOffset: "4px" },
    ".cm-tooltip": { border: "1px solid var(--line)", borderRadius: "8px", background: "var(--raised)", color: "var(--ink)", boxShadow: "var(--shadow)", overflow: "hidden" },
    ".cm-tooltip-lint, .cm-tooltip .cm-diagnostic": { padding: "8px 12px", maxWidth: "60ch", border: "0", fontFamily: "Inter, system-ui, sans-serif" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul": { maxHeight: "320px", fontFamily: "var(--code)", fontSize: "13px", minWidth: "260px" },
    ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { display: "flex", gap: "16px", justifyContent: "space-between", padding: "5px 12px", lineHeight: "20px" },
    ".cm-tooltip-autocomplete ul li[aria-selected]": { background: "var(--accent-soft)", color: "var(--ink)" },
    ".cm-completionDetail": { marginLeft: "0", color: "var(--soft)", fontStyle: "normal", fontFamily: "Inter, system-ui, sans-serif", fontSize: "12.5px" },
    ".cm-tooltip.cm-tooltip-autocomplete": { marginTop: "6px" },
    ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "650" },
  });

  // -- completion --------------------------------------------------------------------------------

  /** What is put behind a choice, so that one can go on typing. */
  const behind = (text) => (/[.(]$/.test(text) ? "" : " ");

  const HINTS = { dn: "name", exact: "text", id: "ID" };

  function option(found) {
    return {
      label: found.text,
      detail: HINTS[found.hint] || found.hint || (found.kind === "value" ? "" : found.kind),
      apply(view, completion, from, to) {
        const text = found.text + (view.state.sliceDoc(to, to + 1) === " " ? "" : behind(found.text));
        view.dispatch({ changes: { from: found.start, to, insert: text }, selection: { anchor: found.start + text.length }, userEvent: "input.complete" });
        setTimeout(() => startCompletion(view), 0);
      },
    };
  }

  async function complete(context) {
    const stopped = new AbortController();
    context.addEventListener("abort", () => stopped.abort());
    const at = new URL(input.dataset.complete, location.href);
    at.searchParams.set("q", context.state.doc.toString());
    at.searchParams.set("at", String(context.pos));
    try {
      const answer = await fetch(at, { signal: stopped.signal, headers: { "HX-Request": "true" } });
      const found = answer.ok ? await answer.json() : [];
      return found.length ? { from: found[0].start, options: found.map(option), filter: false } : null;
    } catch {
      return null; // the reader types on, or the server is away: there is nothing to offer
    }
  }

  // -- the editor --------------------------------------------------------------------------------

  const host = document.createElement("div");
  host.className = "query-editor";
  const form = input.form;

  function send() {
    input.value = editor.state.doc.toString();
    form.requestSubmit();
    return true;
  }

  /** Take the chosen completion, else the first; where none is offered the key goes on to the next control. */
  function take(view) {
    if (completionStatus(view.state) !== "active") return false;
    if (selectedCompletion(view.state) === null) moveCompletionSelection(true)(view);
    return acceptCompletion(view);
  }

  const oneLine = EditorState.transactionFilter.of((change) => {
    if (!change.docChanged || change.newDoc.lines === 1) return change;
    return [change, { changes: { from: 0, to: change.newDoc.length, insert: change.newDoc.toString().replaceAll("\n", " ") }, selection: { anchor: change.newSelection.main.head }, sequential: true }];
  });

  const keys = Prec.highest(
    keymap.of([
      { key: "Enter", run: (view) => (selectedCompletion(view.state) !== null && acceptCompletion(view)) || send() },
      { key: "Tab", run: take },
      { key: "Escape", run: (view) => closeCompletion(view) || (view.contentDOM.blur(), true) },
    ]),
  );

  const label = { "aria-label": input.getAttribute("aria-label"), "aria-multiline": "false", spellcheck: "false", autocapitalize: "none" };
  if (input.dataset.fault) label["aria-invalid"] = "true";

  const shadow = host.attachShadow({ mode: "open" }); // its styles are adopted there, which the page's policy allows
  const editor = new EditorView({
    root: shadow,
    parent: shadow,
    state: EditorState.create({
      doc: input.value,
      selection: { anchor: input.value.length },
      extensions: [
        keys, oneLine, history(), keymap.of([...completionKeymap, ...historyKeymap, ...defaultKeymap]), placeholder(input.placeholder), EditorView.lineWrapping,
        language, syntaxHighlighting(colours), theme, EditorView.contentAttributes.of(label),
        autocompletion({ override: [complete], maxRenderedOptions: 10, icons: false, defaultKeymap: false, selectOnOpen: false, interactionDelay: 0 }),
        EditorView.updateListener.of((update) => update.docChanged && (input.value = update.state.doc.toString())),
      ],
    }),
  });

  input.type = "hidden";
  input.removeAttribute("data-query-bar");
  input.after(host);
  host.dataset.queryBar = "";
  host.focusBar = () => editor.focus();
  host.addEventListener("click", () => editor.focus());

  if (input.dataset.fault) {
    const length = editor.state.doc.length;
    const from = Math.min(Number(input.dataset.fault), length);
    const word = /^[^\s()=<>!,]+/.exec(editor.state.sliceDoc(from)) || " ";
    const to = Math.min(length, from + word[0].length);
    editor.dispatch({ selection: { anchor: to } });
    editor.dispatch(setDiagnostics(editor.state, [{ from: Math.max(0, Math.min(from, to - 1)), to, severity: "error", message: document.querySelector("#fault p")?.textContent || "" }]));
    editor.focus();
  }
  window.placetBar = editor;
})();
