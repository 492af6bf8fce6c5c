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

/** What can stand where. */
interface CompletionWords {
  readonly commands: readonly {
    readonly name: string;
    readonly summary: string;
    readonly words: readonly string[];
    readonly install: boolean;
  }[];
  readonly installFlags: readonly string[];
}

async function collectWords(entries: readonly CommandEntry[]): Promise<CompletionWords> {
  const commands = await Promise.all(
    entries.map(async ({ name, summary, load }) => {
      const loaded = await load();
      if ('group' in loaded) return { name, summary, words: loaded.group.map((each) => each.name), install: false };
      const command = new Command(name);
      loaded.command.configure(command);
      const words = command.options.map((option) => option.long ?? '').filter((flag) => flag !== '');
      return { name, summary, words: [...words, '--help'], install: loaded.command.takesInstallOptions === true };
    }),
  );
  const names = (path: readonly string[]) => (path[0] === 'entryPoints' ? standardNames : []);
  const installFlags = optionPaths(staticSchema).flatMap((path) =>
    path.includes('<name>') ? names(path).map((name) => path.with(path.indexOf('<name>'), name)) : [path],
  );
  return { commands, installFlags: ['--configFile', ...installFlags.map((path) => `--${path.join('.')}`)] };
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
${commands.map(({ name, words, install }) => `      ${name}) words="${words.join(' ')}${install ? ' $install' : ''}" ;;`).join('\n')}
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
${commands.map(({ name, words, install }) => `    ${name}) compadd -M 'm:{a-zA-Z}={A-Za-z}' -- ${words.join(' ')}${install ? ' $install' : ''} ;;`).join('\n')}
    *) compadd -M 'm:{a-zA-Z}={A-Za-z}' -- $install ;;
  esac
  _files
}
compdef _portcullis portcullis
`,
  fish: ({ commands, installFlags }) => `# fish completion for portcullis
set -l names ${commands.map(({ name }) => name).join(' ')}
${commands.map(({ name, summary }) => `complete -c portcullis -n "not __fish_seen_subcommand_from $names" -a ${name} -d '${summary.replaceAll("'", "\\'")}'`).join('\n')}
${commands
  .flatMap(({ name, words }) =>
    words.map((word) => {
      const what = word.startsWith('--') ? `-l '${word.slice(2)}'` : `-a ${word}`;
      return `complete -c portcullis -n "__fish_seen_subcommand_from ${name}" ${what}`;
    }),
  )
  .join('\n')}
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
