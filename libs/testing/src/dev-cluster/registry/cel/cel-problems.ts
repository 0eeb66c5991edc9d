import type * as cel from '@marcbachmann/cel-js';
import type { ASTNode } from '@marcbachmann/cel-js';
import { GO_MATCHES } from './string-library.js';

type CelError = cel.EvaluationError | cel.ParseError | cel.TypeError;

/** A refusal to compile as the API server words it, with the place in the source. */
export function compileProblem(source: string, error: CelError | undefined): string {
  const words = compileWords(error?.code ?? '', error?.summary ?? '').replaceAll(GO_MATCHES, 'matches');
  return problemAt(source, placeOf(source, error), words);
}

/** @param place offset in the source */
export function problemAt(source: string, place: number, words: string): string {
  const at = Math.max(0, Math.min(place, source.length));
  const before = source.slice(0, at).split('\n');
  const column = before.at(-1)?.length ?? 0;
  const line = source.split('\n')[before.length - 1] ?? '';
  return `compilation failed: ERROR: <input>:${before.length}:${column + 1}: ${words}\n | ${line}\n | ${'.'.repeat(column)}^`;
}

/** The server points at the dot before a field, at an operator and not at what it applies to, and at parentheses. */
function placeOf(source: string, error: CelError | undefined): number {
  const start = error?.range?.start ?? 0;
  const node = error?.node as Partial<ASTNode> | undefined;
  switch (error?.code) {
    case 'no_such_key':
    case 'cannot_index_type':
      return source[start - 1] === '.' ? start - 1 : start;
    case 'no_such_overload': {
      const left = Array.isArray(node?.args) ? (node.args[0] as Partial<ASTNode>) : undefined;
      return left?.end === undefined ? start : source.indexOf(String(node?.op), left.end);
    }
    case 'no_matching_overload': {
      const called = Array.isArray(node?.args) ? String(node.args[0]).replace(GO_MATCHES, 'matches') : '';
      const [, target] = node?.op === 'rcall' ? (node.args as [string, ASTNode, ASTNode[]]) : [];
      const receiver = target?.end ?? start;
      return source.indexOf('(', source.indexOf(called, receiver));
    }
    default:
      return start;
  }
}

function compileWords(code: string, summary: string): string {
  const subject = summary.slice(summary.indexOf(': ') + 2);
  switch (code) {
    case 'no_such_key':
      return `undefined field '${subject}'`;
    case 'unknown_variable':
      return `undeclared reference to '${subject}' (in container '')`;
    case 'cannot_index_type':
      return summary.replace(/^Cannot index type '(.*)'$/, "type '$1' does not support field selection");
    case 'no_such_overload': {
      const [, left, operator, right] = /^(.+) ([^\s\w]+|in) (.+)$/.exec(subject) ?? [];
      return operator
        ? `found no matching overload for '_${operator}_' applied to '(${left}, ${right})'`
        : summary;
    }
    case 'no_matching_overload': {
      const [, receiver, called, args] = /'(?:(.+)\.)?(\w+)\((.*)\)'/.exec(summary) ?? [];
      const types = receiver === undefined ? `(${args})` : `${receiver}.(${args})`;
      return `found no matching overload for '${called}' applied to '${types}'`;
    }
    default:
      return /^(unexpected|expected|unterminated)/.test(code) ? `Syntax error: ${summary}` : summary;
  }
}

/** A failure of a rule that compiled, in the words of the API server. */
export function runtimeProblem(error: unknown): string {
  const { code, summary, message } = error as Partial<CelError>;
  const text = summary ?? message ?? String(error);
  switch (code) {
    case 'no_such_key':
      return text.replace('No such key', 'no such key');
    case 'index_out_of_bounds':
      return `index out of bounds: ${/index (-?\d+)/.exec(text)?.[1] ?? ''}`;
    case 'optional_value_missing':
      return 'optional.none() dereference';
    case 'int_conversion_error':
    case 'uint_conversion_error':
    case 'double_conversion_error':
    case 'bool_conversion_error':
      return `type conversion error from 'string' to '${code.split('_')[0]}'`;
    case 'invalid_regular_expression':
      return `error parsing regexp: ${text.replace(/^Invalid regular expression: /, '')}`;
    case 'invalid_duration':
      return "type conversion error from 'string' to 'google.protobuf.Duration'";
    case 'invalid_timestamp':
      return "type conversion error from 'string' to 'google.protobuf.Timestamp'";
    default:
      return text;
  }
}
