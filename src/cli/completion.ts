import { Command } from 'commander';
import { optionPaths } from '../config/static/option-shape.ts';
import { staticSchema } from '../config/static/schema.ts';
import { type CommandDefinition, type CommandEntry, UsageError } from './command.ts';
import { exitCode } from './exit-code.ts';

const standardNames = ['web', 'websecure', 'admin'];

/** The command that completes the commands of a table. */
export function completionCommand(entries: readonly CommandEntry[]): CommandDefinition {
  return {
    configure(completion) {
      completion.argument('<shell>', 'bash, zsh or fish').addHelpText(
        'after',
        `
Examples:
  source <(portcullis completion bash)                                   # in ~/.bashrc
  portcullis completion zsh > "\${fpath[1]}/_portcullis"
  portcullis completion fish > ~/.config/fish/completions/portcullis.fish`,
      );
    },
    async execute({ operands, out }) {
      const [shell = ''] = operands;
      const write = writers[shell];
      if (write === undefined)
        throw new UsageError(`there is no completion for ${shell}; shells: ${Object.keys(writers).join(', ')}`);
      out(write(await collectWords(entries)));
      return exitCode.ok;
    },
  };
}

/** A command, and the words that can stand after it: names of members for a group, else flags. */
interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly words: readonly string[];
  readonly install: boolean;
  /** What can stand after each member of a group. */
  readonly members: readonly CompletedCommand[];
}

/** What can stand where. */
interface CompletionWords {
  readonly commands: readonly CompletedCommand[];
  readonly installFlags: readonly string[];
}

async function collectWords(entries: readonly CommandEntry[]): Promise<CompletionWords> {
  const commands = await Promise.all(entries.map(completed));
  const names = (path: readonly string[]) => (path[0] === 'entryPoints' ? standardNames : []);
  const installFlags = optionPaths(staticSchema).flatMap((path) =>
    path.includes('<name>') ? names(path).map((name) => path.with(path.indexOf('<name>'), name)) : [path],
  );
  return { commands, installFlags: ['--configFile', ...installFlags.map((path) => `--${path.join('.')}`)] };
}

async function completed({ name, summary, load }: CommandEntry): Promise<CompletedCommand> {
  const loaded = await load();
  if ('group' in loaded) {
    const members = await Promise.all(loaded.group.map(completed));
    return { name, summary, words: members.map((member) => member.name), install: false, members };
  }
  const command = new Command(name);
  loaded.command.configure(command);
  const flags = command.options.map((option) => option.long ?? '').filter((flag) => flag !== '');
  const install = loaded.command.takesInstallOptions === true;
  return { name, summary, words: [...flags, '--help'], install, members: [] };
}

function bashCase(command: CompletedCommand): string {
  const { name, words, install, members } = command;
  const assign = `words="${words.join(' ')}${install ? ' $install' : ''}"`;
  if (members.length === 0) return `      ${name}) ${assign} ;;`;
  const inner = members.map((member) => `        *:${member.name}) words="${member.words.join(' ')}" ;;`);
  return [
    `      ${name}) case "$COMP_CWORD:\${COMP_WORDS[2]}" in`,
    `        2:*) ${assign} ;;`,
    ...inner,
    '      esac ;;',
  ].join('\n');
}

function zshCase(command: CompletedCommand): string {
  const { name, words, install, members } = command;
  const add = (list: readonly string[]): string => `compadd -M 'm:{a-zA-Z}={A-Za-z}' -- ${list.join(' ')}`;
  if (members.length === 0) return `    ${name}) ${add(words)}${install ? ' $install' : ''} ;;`;
  const inner = members.map((member) => `      *:${member.name}) ${add(member.words)} ;;`);
  return [`    ${name}) case $CURRENT:$words[3] in`, `      3:*) ${add(words)} ;;`, ...inner, '    esac ;;'].join('\n');
}

function fishLines(command: CompletedCommand): string[] {
  const { name, words, members } = command;
  const seen = `__fish_seen_subcommand_from ${name}`;
  const line = (condition: string, word: string): string =>
    `complete -c portcullis -n "${condition}" ${word.startsWith('--') ? `-l '${word.slice(2)}'` : `-a ${word}`}`;
  if (members.length === 0) return words.map((word) => line(seen, word));
  return [
    ...words.map((word) => line(`${seen}; and not __fish_seen_subcommand_from ${words.join(' ')}`, word)),
    ...members.flatMap((member) =>
      member.words.map((word) => line(`${seen}; and __fish_seen_subcommand_from ${member.name}`, word)),
    ),
  ];
}

const writers: Readonly<Record<string, (words: CompletionWords) => string>> = {
  bash: ({ commands, installFlags }) => `# bash completion for portcullis
_portcullis() {
  local current="\${COMP_WORDS[COMP_CWORD]}" words=""
  local install="${installFlags.join(' ')}"
  if [ "$COMP_CWORD" -eq 1 ] && [ "\${current#-}" = "$current" ]; then
    words="${commands.map(({ name }) => name).join(' ')}"
  else
    case "\${COMP_WORDS[1]}" in
${commands.map(bashCase).join('\n')}
      *) words="$install" ;;
    esac
  fi
  # A dotted name in another case is the same name.
  shopt -q nocasematch && local restore="" || local restore="shopt -u nocasematch"
  shopt -s nocasematch
  COMPREPLY=()
  local word
  for word in $words; do [[ $word == "$current"* ]] && COMPREPLY+=("$word"); done
  $restore
}
complete -o default -F _portcullis portcullis
`,
  zsh: ({ commands, installFlags }) => `#compdef portcullis
# zsh completion for portcullis
_portcullis() {
  local -a commands install
  commands=(
${commands.map(({ name, summary }) => `    '${name}:${summary.replaceAll("'", "'\\''")}'`).join('\n')}
  )
  install=(
    ${installFlags.join('\n    ')}
  )
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    _describe command commands
    _files
    return
  fi
  case $words[2] in
${commands.map(zshCase).join('\n')}
    *) compadd -M 'm:{a-zA-Z}={A-Za-z}' -- $install ;;
  esac
  _files
}
compdef _portcullis portcullis
`,
  fish: ({ commands, installFlags }) => `# fish completion for portcullis
set -l names ${commands.map(({ name }) => name).join(' ')}
${commands.map(({ name, summary }) => `complete -c portcullis -n "not __fish_seen_subcommand_from $names" -a ${name} -d '${summary.replaceAll("'", "\\'")}'`).join('\n')}
${commands.flatMap(fishLines).join('\n')}
${installFlags
  .map(
    (flag) =>
      `complete -c portcullis -n "__fish_seen_subcommand_from ${commands
        .filter(({ install }) => install)
        .map(({ name }) => name)
        .join(' ')}" -l '${flag.slice(2)}'`,
  )
  .join('\n')}
`,
};
