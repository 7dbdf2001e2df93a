// A form: GET shows it, POST reads what was filled in with `request.formData()`, which takes both the
// URL-encoded and the multipart encoding, files included. Text from the client is escaped before it
// goes into HTML. It is not a template engine.
//
// Run one request:
//   isolane run examples/workers/form.js --method POST \
//     --header 'content-type: application/x-www-form-urlencoded' --data 'name=Ada+%26+Co'
// It prints:
//   <p>Thank you, Ada &amp; Co.</p>

const PAGE = `<!doctype html>
<form method="post" enctype="multipart/form-data">
<input name="name" required> <input name="file" type="file"> <button>Send</button>
</form>
`;

const ENTITIES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

function escape(text) {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}

function html(body, status = 200) {
  return new Response(body, { status, headers: { "content-type": "text/html; charset=utf-8" } });
}

export default {
  async fetch(request) {
    if (request.method !== "POST") return html(PAGE);
    let form;
    try {
      form = await request.formData();
    } catch {
      return html("<p>This is not a form.</p>\n", 400);
    }
    const name = form.get("name");
    if (typeof name !== "string" || name === "") return html("<p>A name is needed.</p>\n", 400);

    let answer = `<p>Thank you, ${escape(name)}.</p>\n`;
    const file = form.get("file");
    if (file instanceof File) {
      const text = await file.text();
      answer += `<p>${escape(file.name)} has ${text.split("\n").length} lines.</p>\n`;
    }
    return html(answer);
  },
};
