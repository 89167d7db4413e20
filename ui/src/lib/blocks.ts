import type { IconName } from './icons';

const icons: Record<string, IconName> = {
  variable: 'variable',
  variables: 'variable',
  local: 'function',
  locals: 'function',
  source: 'hard-drive',
  sources: 'hard-drive',
  build: 'hammer',
  builds: 'hammer',
  provisioner: 'terminal',
  'post-processor': 'package',
  'post-processors': 'package',
  post_processor: 'package',
  post_processors: 'package',
  'error-cleanup-provisioner': 'terminal',
  packer: 'settings',
  data: 'download',
  file: 'file-code',
};

/** The mark of a kind of block. */
export function blockIcon(kind: string): IconName {
  return icons[kind] ?? 'braces';
}
