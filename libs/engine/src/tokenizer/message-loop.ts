import { Template } from '@huggingface/jinja';

type Program = Template['parsed'];
type Node = { readonly type: string } & Readonly<Record<string, unknown>>;

/** A chat template that writes message after message, each by itself, its content as it is. */
export interface MessageLoop {
  /** What the template calls a message. */
  readonly variable: string;
  /** Writes one message; sees `variable`, and `loop.first` and `loop.last` where they are used. */
  readonly body: Program;
  /** What is around the messages; calls `MESSAGES_HOOK` in their place. Of the messages it sees only the first. */
  readonly frame: Program;
  /** The frame sees no message and calls nothing: it is always the same. */
  readonly constantFrame: boolean;
  readonly usesFirst: boolean;
  readonly usesLast: boolean;
  /** Spaces around the content are left out. */
  readonly trims: boolean;
}

/** Name of the function that a frame gets the text of the messages from: no template can name it. */
export const MESSAGES_HOOK = 'the text of the messages';

const PURE_FILTERS = new Set(
  'trim tojson length string upper lower title capitalize join first last default int items list safe replace indent'.split(
    ' ',
  ),
);
const PURE_METHODS = new Set(
  'strip lstrip rstrip startswith endswith split replace upper lower title capitalize items keys values get'.split(
    ' ',
  ),
);
/** Nodes without effects beyond their parts; the others in use have a case of their own. */
const PLAIN_NODES = new Set(
  (
    'Comment IntegerLiteral FloatLiteral StringLiteral ArrayLiteral TupleLiteral ObjectLiteral BinaryExpression ' +
    'SelectExpression UnaryExpression SliceExpression Ternary'
  ).split(' '),
);
/** Tests that say the same of every text. */
const KIND_TESTS = new Set(
  'string defined undefined none mapping iterable sequence boolean number'.split(' '),
);
/** What changes from call to call, or is not the same for every message. */
const UNSTEADY = new Set(['messages', 'add_generation_prompt', 'range', 'strftime_now', 'namespace']);

class NotByMessage extends Error {}

/**
 * Proves from its syntax tree that a template is one loop over `messages` whose body sees nothing but the message and what
 * is the same for all of them, and that the rest sees at most `messages[0]`. Of a content that is a text the body asks at
 * most whether it is empty; else it only writes it, as it is or trimmed: what is around it is the same for every content.
 * Undefined where that is not plain to see. It holds for chats without tools: what is written only with them is left out.
 */
export function findMessageLoop({ body: statements }: Program): MessageLoop | undefined {
  const all = withoutTools(statements as unknown as readonly Node[]);
  const at = all.findIndex(isMessageLoop);
  if (at < 0) return undefined;
  const loop = all[at] as Node;
  const [before, after] = [all.slice(0, at), all.slice(at + 1)];
  const variable = (loop.loopvar as Node).value as string;
  const judge = new BodyJudge(variable, namesSetIn(before), namesSetIn(loop.body));
  try {
    for (const node of [...before, ...after]) judgeFrame(node);
    judge.body(loop.body as readonly Node[]);
  } catch (error) {
    if (!(error instanceof NotByMessage)) throw error;
    return undefined;
  }
  const hook = new Template('{{ hook() }}').parsed.body[0] as unknown as { callee: { value: string } };
  hook.callee.value = MESSAGES_HOOK;
  return {
    ...{ variable, usesFirst: judge.usesFirst, usesLast: judge.usesLast, trims: judge.trims },
    body: programOf(loop.body as readonly Node[]),
    frame: programOf([...before, hook as unknown as Node, ...after]),
    constantFrame: [...before, ...after].every(isConstant),
  };
}

/** Without what is only written where there are tools. */
function withoutTools(statements: readonly Node[]): readonly Node[] {
  if (namesSetIn(statements).has('tools')) return statements;
  return statements.flatMap((node) => {
    const test = node.test as Node | undefined;
    const ofTools = node.type === 'If' && test?.type === 'Identifier' && test.value === 'tools';
    return ofTools ? (node.alternate as readonly Node[]) : [node];
  });
}

function isConstant(node: Node): boolean {
  if (node.type === 'Identifier' && node.value === 'messages') return false;
  return !/Call|Macro|Filter/.test(node.type) && partsOf(node).every(isConstant);
}

function isMessageLoop({ type, iterable, loopvar, defaultBlock }: Node): boolean {
  const [over, item] = [iterable as Node, loopvar as Node];
  if (type !== 'For' || over.type !== 'Identifier' || over.value !== 'messages') return false;
  return item.type === 'Identifier' && item.value !== 'loop' && (defaultBlock as Node[]).length === 0;
}

function programOf(body: readonly Node[]): Program {
  const { parsed } = new Template('');
  parsed.body = [...body] as unknown as Program['body'];
  return parsed;
}

/** Outside of the loop `messages[0]` may be read, and the loop may not be repeated or left out. */
function judgeFrame(node: Node): void {
  if (isFirstMessage(node)) return;
  const named = node.type === 'Identifier' && node.value === 'messages';
  if (named || node.type === 'Macro' || node.type === 'CallStatement')
    throw new NotByMessage('the messages outside of their loop');
  for (const part of partsOf(node)) judgeFrame(part);
}

function isFirstMessage({ type, object, property, computed }: Node): boolean {
  if (type !== 'MemberExpression' || computed !== true) return false;
  const [of, at] = [object as Node, property as Node];
  return (
    of.type === 'Identifier' && of.value === 'messages' && at.type === 'IntegerLiteral' && at.value === 0
  );
}

/** Walks the body of the loop in the order in which it runs. */
class BodyJudge {
  usesFirst = false;
  usesLast = false;
  trims = false;
  /** Variables that this message has set for certain: the interpreter keeps those of the message before. */
  private readonly set = new Set<string>();

  constructor(
    private readonly variable: string,
    private readonly setBefore: ReadonlySet<string>,
    private readonly setInside: ReadonlySet<string>,
  ) {}

  body(statements: readonly Node[]): void {
    for (const node of statements) {
      this.statement(node, false);
      if (node.type === 'Set') this.set.add((node.assignee as Node).value as string);
    }
  }

  /** `inner`: in a loop inside of the body, which has a `loop` of its own. */
  private statement(node: Node, inner: boolean): void {
    const each = (list: unknown, inside: boolean) => {
      for (const part of list as readonly Node[]) this.statement(part, inside);
    };
    if (node.type === 'If') {
      this.condition(node.test as Node, inner);
      each(node.body, inner);
      each(node.alternate, inner);
    } else if (node.type === 'For') {
      const { type, value } = node.loopvar as Node;
      if (type !== 'Identifier' || value === this.variable || value === 'loop')
        throw new NotByMessage('a loop over several variables');
      // A text cannot be looped over, whatever it is.
      if (!this.isContent(node.iterable as Node)) this.value(node.iterable as Node, inner);
      each(node.defaultBlock, inner);
      each(node.body, true);
    } else if (node.type === 'Set') {
      const { type, value: name } = node.assignee as Node;
      if (type !== 'Identifier' || name === 'loop' || name === this.variable || !node.value)
        throw new NotByMessage('sets more than a variable');
      this.value(node.value as Node, inner);
    } else this.output(node, inner);
  }

  /** What is written: the content may be a part of it. */
  private output(node: Node, inner: boolean): void {
    if (this.isContent(node)) return;
    const operator = (node.operator as Node | undefined)?.value as string;
    if (node.type === 'BinaryExpression' && (operator === '+' || operator === '~')) {
      this.output(node.left as Node, inner);
      this.output(node.right as Node, inner);
    } else if (node.type === 'Ternary') {
      this.condition(node.condition as Node, inner);
      this.output(node.trueExpr as Node, inner);
      this.output(node.falseExpr as Node, inner);
    } else if (node.type === 'FilterExpression' && this.isContent(node.operand as Node)) {
      const { type, value } = node.filter as Node;
      if (type !== 'Identifier' || value !== 'trim') throw new NotByMessage('changes the content');
      this.trims = true;
    } else this.value(node, inner);
  }

  /** What is only true or false: of the content it shows no more than whether it is empty. */
  private condition(node: Node, inner: boolean): void {
    if (this.isContent(node)) return;
    const operator = (node.operator as Node | undefined)?.value as string;
    if (node.type === 'UnaryExpression' && operator === 'not') this.condition(node.argument as Node, inner);
    else if (node.type === 'BinaryExpression' && (operator === 'and' || operator === 'or')) {
      this.condition(node.left as Node, inner);
      this.condition(node.right as Node, inner);
    } else this.value(node, inner);
  }

  /** What must be the same for every content. */
  private value(node: Node, inner: boolean): void {
    if (node.type === 'MemberExpression') this.member(node, inner);
    else if (node.type === 'Identifier') this.name(node.value as string, inner);
    else if (node.type === 'CallExpression') {
      const callee = node.callee as Node;
      const method = callee.type === 'MemberExpression' && callee.computed === false;
      const name = (method ? (callee.property as Node) : callee).value as string;
      if (method ? !PURE_METHODS.has(name) : callee.type !== 'Identifier' || name !== 'raise_exception')
        throw new NotByMessage(`calls ${name}`);
      // Methods of a message show all that is in it.
      for (const part of [method ? (callee.object as Node) : callee, ...(node.args as Node[])])
        this.value(part, inner);
    } else if (node.type === 'FilterExpression') {
      const filter = node.filter as Node;
      const name = filter.type === 'Identifier' ? filter : (filter.callee as Node);
      if (name.type !== 'Identifier' || !PURE_FILTERS.has(name.value as string))
        throw new NotByMessage('a filter that is not known');
      for (const part of [node.operand as Node, ...((filter.args ?? []) as Node[])]) this.value(part, inner);
    } else if (node.type === 'TestExpression') {
      const ofKind =
        this.isContent(node.operand as Node) && KIND_TESTS.has((node.test as Node).value as string);
      if (!ofKind) this.value(node.operand as Node, inner);
    } else if (node.type === 'KeywordArgumentExpression') this.value(node.value as Node, inner);
    else if (!PLAIN_NODES.has(node.type)) throw new NotByMessage(`has a ${node.type}`);
    else for (const part of partsOf(node)) this.value(part, inner);
  }

  private member(node: Node, inner: boolean): void {
    const [object, property] = [node.object as Node, node.property as Node];
    const named = node.computed === false || property.type === 'StringLiteral';
    const of = object.type === 'Identifier' ? object.value : undefined;
    if (this.isContent(node)) throw new NotByMessage('looks into the content');
    if (of === 'loop' && !inner && named && property.value === 'first') this.usesFirst = true;
    else if (of === 'loop' && !inner && named && property.value === 'last') this.usesLast = true;
    else if (of !== this.variable || !named) {
      this.value(object, inner);
      if (node.computed === true) this.value(property, inner);
    }
  }

  private isContent({ type, object, property, computed }: Node): boolean {
    if (type !== 'MemberExpression') return false;
    const [of, at] = [object as Node, property as Node];
    const named = computed === false || at.type === 'StringLiteral';
    return of.type === 'Identifier' && of.value === this.variable && named && at.value === 'content';
  }

  private name(name: string, inner: boolean): void {
    if (name === 'loop' && inner) return;
    if (name === 'loop' || name === this.variable || UNSTEADY.has(name))
      throw new NotByMessage(`reads ${name}`);
    const kept = this.setBefore.has(name) || this.setInside.has(name);
    if (kept && !this.set.has(name)) throw new NotByMessage(`reads ${name}, which is set elsewhere`);
  }
}

/** Names that are given a value anywhere in there. */
function namesSetIn(nodes: unknown): Set<string> {
  const names = new Set<string>();
  const visit = (node: Node): void => {
    if (node.type === 'Set') for (const name of identifiersIn(node.assignee as Node)) names.add(name);
    if (node.type === 'Macro') names.add((node.name as Node).value as string);
    for (const part of partsOf(node)) visit(part);
  };
  for (const node of nodes as readonly Node[]) visit(node);
  return names;
}

function identifiersIn(node: Node): string[] {
  return [
    ...(node.type === 'Identifier' ? [node.value as string] : []),
    ...partsOf(node).flatMap(identifiersIn),
  ];
}

/** The nodes that a node is made of. */
function partsOf(node: Node): Node[] {
  // An operator is a token of the source.
  return Object.entries(node).flatMap(([key, value]) => (key === 'operator' ? [] : nodesIn(value)));
}

function nodesIn(value: unknown): Node[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(nodesIn);
  if (value instanceof Map) return [...value].flatMap(nodesIn);
  return [value as Node];
}
