// The documentation pages: the reference is made from the OpenAPI document; all text goes in as text.
'use strict';

function make(name, attributes, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes ?? {})) {
    if (key === 'text') element.textContent = value;
    else if (key.startsWith('on')) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? '' : value);
  }
  for (const child of children) if (child !== null && child !== undefined) element.append(child);
  return element;
}

// MARK: Theme

const theme = document.getElementById('theme');
function show(name) {
  if (name) document.documentElement.dataset.theme = name;
}
show(localStorage.getItem('theme'));
theme.addEventListener('click', () => {
  const isDark = document.documentElement.dataset.theme
    ? document.documentElement.dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches;
  show(isDark ? 'light' : 'dark');
  localStorage.setItem('theme', isDark ? 'light' : 'dark');
});

// MARK: Schemas

let components = {};
const resolve = (schema) => (schema?.$ref ? components[schema.$ref.split('/').pop()] : schema) ?? {};

function typeName(schema) {
  if (schema.$ref) return schema.$ref.split('/').pop();
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return choices.map(typeName).join(' or ');
  if (schema.enum) return schema.enum.map((word) => JSON.stringify(word)).join(' | ');
  const types = [].concat(schema.type ?? 'any');
  const names = types.map((type) => {
    if (type === 'array' && schema.items) return `list of ${typeName(schema.items)}`;
    if (type === 'object' && typeof schema.additionalProperties === 'object') {
      return `map of ${typeName(schema.additionalProperties)}`;
    }
    return schema.format && type === 'string' ? schema.format : type;
  });
  return names.join(' or ');
}

function limits(schema) {
  const words = [];
  if (schema.minimum !== undefined) words.push(`≥ ${schema.minimum}`);
  if (schema.maximum !== undefined) words.push(`≤ ${schema.maximum}`);
  if (schema.maxLength !== undefined) words.push(`at most ${schema.maxLength} characters`);
  if (schema.maxItems !== undefined) words.push(`at most ${schema.maxItems}`);
  if (schema.default !== undefined) words.push(`standard ${JSON.stringify(schema.default)}`);
  return words.join(', ');
}

// The components that a schema leads to, itself, its elements or its choices.
function inner(schema) {
  const found = [];
  const visit = (part) => {
    if (!part || typeof part !== 'object') return;
    if (part.$ref) found.push(part);
    else if (part.properties) found.push(part);
    for (const choice of part.anyOf ?? part.oneOf ?? []) visit(choice);
    visit(part.items);
    visit(part.additionalProperties);
  };
  visit(schema);
  return found;
}

function tree(schema, known = []) {
  const list = make('ul', { class: 'tree' });
  for (const part of inner(schema)) {
    const object = resolve(part);
    const name = part.$ref ?? '';
    if (known.includes(name) && name) continue;
    const seen = [...known, name];
    if (!object.properties) {
      if (inner(object).length && !part.properties) list.append(...tree(object, seen).children);
      continue;
    }
    for (const [key, value] of Object.entries(object.properties)) list.append(member(key, value, object, seen));
  }
  return list;
}

function member(key, value, object, seen) {
  const facts = [typeName(value), limits(value)].filter(Boolean).join(', ');
  const line = [
    make('code', { text: key }), ' ', make('span', { class: 'type', text: facts }), ' ',
    object.required?.includes(key) ? make('span', { class: 'must', text: 'always' }) : null,
    value.description ? described(value.description) : null,
  ];
  const isDeeper = inner(value).some((part) => {
    const target = resolve(part);
    return !seen.includes(part.$ref) && (target.properties || inner(target).length);
  });
  if (!isDeeper) return make('li', {}, ...line);
  // What is inside is made when somebody looks.
  const details = make('details', { ontoggle: () => {
    if (details.open && details.children.length === 1) details.append(tree(value, seen));
  } }, make('summary', {}, ...line));
  return make('li', {}, details);
}

function example(schema, depth = 0) {
  const object = resolve(schema);
  if (object.const !== undefined) return object.const;
  if (object.default !== undefined) return object.default;
  if (object.enum) return object.enum[0];
  const choice = (object.anyOf ?? object.oneOf)?.[0];
  if (choice) return example(choice, depth + 1);
  switch ([].concat(object.type)[0]) {
    case 'object': {
      const value = {};
      for (const key of depth > 3 ? [] : object.required ?? []) value[key] = example(object.properties?.[key] ?? {}, depth + 1);
      return value;
    }
    case 'array': return object.minItems ? [example(object.items ?? {}, depth + 1)] : [];
    case 'integer': case 'number': return object.minimum ?? 0;
    case 'boolean': return false;
    case 'string': return object.format === 'date-time' ? new Date().toISOString() : '';
    default: return null;
  }
}

// MARK: Operations

const contentTypes = (part) => Object.entries(part?.content ?? {});

function parameterTable(parameters) {
  const rows = parameters.map((parameter) => make('tr', {},
    make('td', {}, make('code', { text: parameter.name })),
    make('td', { text: parameter.in }),
    make('td', { class: 'type', text: [typeName(parameter.schema), limits(parameter.schema)].filter(Boolean).join(', ') }),
    make('td', {}, described(parameter.description ?? ''))));
  const head = make('tr', {}, ...['name', 'in', 'type', 'what it is'].map((text) => make('th', { scope: 'col', text })));
  return make('div', { class: 'table' }, make('table', {}, make('thead', {}, head), make('tbody', {}, ...rows)));
}

// Words in backticks as code; codes of errors lead to what they mean.
function described(text, isOfErrors = false) {
  const parts = text.split('`').map((part, place) => {
    if (place % 2 === 0) return part;
    const code = make('code', { text: part });
    return isOfErrors ? make('a', { href: `/docs/errors#${part}` }, code) : code;
  });
  return make('span', {}, ...parts);
}

function answers(operation) {
  const rows = Object.entries(operation.responses).map(([status, response]) => {
    const isGood = status < 400;
    const contents = contentTypes(response).filter(([, content]) => isGood && (content.schema.$ref || content.schema.properties));
    const shapes = contents.map(([type, content]) => make('details', { ontoggle: (event) => {
      const details = event.target;
      if (details.open && details.children.length === 1) details.append(tree(content.schema));
    } }, make('summary', { text: `${typeName(content.schema)} · ${type}` })));
    return make('tr', {},
      make('td', {}, make('span', { class: `status ${isGood ? 'good' : 'bad'}`, text: status })),
      make('td', {}, described(response.description, !isGood), ...shapes));
  });
  return make('div', { class: 'table' }, make('table', {}, make('tbody', {}, ...rows)));
}

function tryOut(method, path, operation) {
  const inputs = [];
  const parameters = operation.parameters ?? [];
  const fields = parameters.map((parameter) => {
    const id = `${operation.operationId}-${parameter.name}`;
    const words = parameter.schema.enum;
    const input = words
      ? make('select', { id }, make('option', { value: '', text: '' }), ...words.map((word) => make('option', { text: word })))
      : make('input', { id, type: 'text', autocomplete: 'off', spellcheck: 'false', required: parameter.required });
    inputs.push([parameter, input]);
    return make('div', { class: 'field' }, make('label', { for: id, text: parameter.name }), input);
  });
  const [type, content] = contentTypes(operation.requestBody)[0] ?? [];
  let body = null;
  if (type === 'application/json') {
    body = make('textarea', { spellcheck: 'false', 'aria-label': 'Body' });
    body.value = JSON.stringify(example(content.schema), null, 2);
  } else if (type === 'multipart/form-data') {
    body = make('input', { type: 'file', 'aria-label': 'File' });
  }
  const output = make('pre', { tabindex: '0', 'aria-live': 'polite', hidden: true });
  const send = async (event) => {
    event.preventDefault();
    let target = path;
    const query = new URLSearchParams();
    const headers = {};
    const key = document.getElementById('key').value.trim();
    if (key) headers.Authorization = `Bearer ${key}`;
    for (const [parameter, input] of inputs) {
      if (parameter.in === 'path') target = target.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
      else if (input.value === '') continue;
      else if (parameter.in === 'query') query.append(parameter.name, input.value);
      else headers[parameter.name] = input.value;
    }
    const request = { method: method.toUpperCase(), headers };
    if (body?.type === 'file') {
      request.body = new FormData();
      if (body.files[0]) request.body.append('file', body.files[0]);
    } else if (body?.value) {
      headers['Content-Type'] = 'application/json';
      request.body = body.value;
    }
    output.hidden = false;
    output.textContent = '…';
    try {
      const answer = await fetch(target + (query.size ? `?${query}` : ''), request);
      const text = await answer.text();
      let shown = text;
      try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* Not JSON: as it is. */ }
      const lines = [`${answer.status} ${answer.statusText}`];
      for (const name of ['location', 'etag', 'x-request-id']) {
        if (answer.headers.get(name)) lines.push(`${name}: ${answer.headers.get(name)}`);
      }
      output.textContent = `${lines.join('\n')}\n\n${shown.slice(0, 200000)}`;
    } catch (error) {
      output.textContent = `No answer: ${error.message}`;
    }
  };
  return make('form', { onsubmit: send }, ...fields, body,
    make('p', {}, make('button', { type: 'submit', class: 'send', text: 'Send' })), output);
}

function fill(details, method, path, operation) {
  const body = make('div', { class: 'body' });
  if (operation.description) body.append(make('p', { text: operation.description }));
  if (operation.parameters?.length) body.append(make('h4', { text: 'Parameters' }), parameterTable(operation.parameters));
  for (const [type, content] of contentTypes(operation.requestBody)) {
    body.append(make('h4', { text: `Body · ${type}` }));
    if (content.schema.$ref) body.append(tree(content.schema));
  }
  body.append(make('h4', { text: 'Answers' }), answers(operation));
  body.append(make('h4', { text: 'Try it' }), tryOut(method, path, operation));
  details.append(body);
}

function showOperations(api) {
  components = api.components.schemas;
  const place = document.getElementById('operations');
  place.replaceChildren();
  for (const tag of api.tags) {
    const section = make('section', {}, make('h2', { id: tag.name.toLowerCase().replaceAll(' ', '-'), text: tag.name }));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const [method, operation] of Object.entries(item)) {
        if (!operation.tags?.includes(tag.name)) continue;
        const details = make('details', { class: 'operation', id: operation.operationId, ontoggle: () => {
          if (details.open && details.children.length === 1) fill(details, method, path, operation);
        } }, make('summary', {},
          make('span', { class: `method ${method}`, text: method.toUpperCase() }),
          make('span', { class: 'path', text: path }), make('span', { class: 'what', text: operation.summary })));
        section.append(details);
      }
    }
    place.append(section);
  }
}

// MARK: Contents and search

function contents() {
  const nav = document.getElementById('contents');
  if (!nav) return;
  const search = document.getElementById('search');
  const entries = [];
  for (const target of document.querySelectorAll('main h2[id], main h3[id], main td code[id], main .operation')) {
    const isGroup = target.matches('h2');
    const name = target.matches('.operation') ? target.querySelector('.what').textContent : target.textContent;
    const link = make('a', { href: `#${encodeURIComponent(target.id)}`, class: isGroup ? 'group' : undefined, title: name, text: name });
    if (target.matches('.operation')) link.addEventListener('click', () => { target.open = true; });
    const words = target.matches('.operation')
      ? target.querySelector('summary').textContent + target.id
      : target.closest('tr')?.textContent ?? name;
    entries.push({ link, isGroup, words: words.toLowerCase() });
    nav.append(link);
  }
  search.addEventListener('input', () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const entry of entries) {
      const isFound = wanted.every((word) => entry.words.includes(word));
      entry.link.hidden = entry.isGroup ? wanted.length > 0 && !isFound : !isFound;
    }
  });
  const shown = () => entries.map((entry) => entry.link).filter((link) => !link.hidden);
  search.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') shown().find((link) => !link.matches('.group'))?.click();
    if (event.key === 'ArrowDown') { event.preventDefault(); shown()[0]?.focus(); }
  });
  nav.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const links = shown();
    (links[links.indexOf(document.activeElement) + step] ?? search).focus();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key !== '/' || event.target.matches('input, textarea, select')) return;
    event.preventDefault();
    search.focus();
    search.select();
  });
}

function goToHash() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target) return;
  if (target.matches('.operation')) target.open = true;
  target.scrollIntoView();
}

async function start() {
  if (document.body.matches('.reference')) {
    const answer = await fetch('/api/v1/openapi.json');
    showOperations(await answer.json());
  }
  contents();
  if (document.body.matches('.reference')) goToHash();
  addEventListener('hashchange', goToHash);
}

start();
