// The one icon set (lucide, ISC), only the marks the window uses, as path data.
import archive from 'lucide-static/icons/archive.svg?raw';
import arrowDown from 'lucide-static/icons/arrow-down.svg?raw';
import arrowUp from 'lucide-static/icons/arrow-up.svg?raw';
import boxes from 'lucide-static/icons/boxes.svg?raw';
import braces from 'lucide-static/icons/braces.svg?raw';
import camera from 'lucide-static/icons/camera.svg?raw';
import check from 'lucide-static/icons/check.svg?raw';
import chevronDown from 'lucide-static/icons/chevron-down.svg?raw';
import chevronRight from 'lucide-static/icons/chevron-right.svg?raw';
import circle from 'lucide-static/icons/circle.svg?raw';
import circleAlert from 'lucide-static/icons/circle-alert.svg?raw';
import circleCheck from 'lucide-static/icons/circle-check.svg?raw';
import circleDashed from 'lucide-static/icons/circle-dashed.svg?raw';
import circleSlash from 'lucide-static/icons/circle-slash.svg?raw';
import circleX from 'lucide-static/icons/circle-x.svg?raw';
import clock from 'lucide-static/icons/clock.svg?raw';
import code from 'lucide-static/icons/code.svg?raw';
import copy from 'lucide-static/icons/copy.svg?raw';
import cornerDownLeft from 'lucide-static/icons/corner-down-left.svg?raw';
import cpu from 'lucide-static/icons/cpu.svg?raw';
import download from 'lucide-static/icons/download.svg?raw';
import ellipsis from 'lucide-static/icons/ellipsis.svg?raw';
import eye from 'lucide-static/icons/eye.svg?raw';
import eyeOff from 'lucide-static/icons/eye-off.svg?raw';
import fileCode from 'lucide-static/icons/file-code.svg?raw';
import fileText from 'lucide-static/icons/file-text.svg?raw';
import fileUp from 'lucide-static/icons/file-up.svg?raw';
import gitBranch from 'lucide-static/icons/git-branch.svg?raw';
import folder from 'lucide-static/icons/folder.svg?raw';
import folderOpen from 'lucide-static/icons/folder-open.svg?raw';
import functionSquare from 'lucide-static/icons/square-function.svg?raw';
import hammer from 'lucide-static/icons/hammer.svg?raw';
import hardDrive from 'lucide-static/icons/hard-drive.svg?raw';
import hash from 'lucide-static/icons/hash.svg?raw';
import history from 'lucide-static/icons/history.svg?raw';
import info from 'lucide-static/icons/info.svg?raw';
import keyboard from 'lucide-static/icons/keyboard.svg?raw';
import layers from 'lucide-static/icons/layers.svg?raw';
import library from 'lucide-static/icons/library-big.svg?raw';
import list from 'lucide-static/icons/list.svg?raw';
import listTree from 'lucide-static/icons/list-tree.svg?raw';
import loader from 'lucide-static/icons/loader-circle.svg?raw';
import minus from 'lucide-static/icons/minus.svg?raw';
import monitor from 'lucide-static/icons/monitor.svg?raw';
import moon from 'lucide-static/icons/moon.svg?raw';
import octagonX from 'lucide-static/icons/octagon-x.svg?raw';
import packageIcon from 'lucide-static/icons/package.svg?raw';
import panelLeft from 'lucide-static/icons/panel-left.svg?raw';
import panelRight from 'lucide-static/icons/panel-right.svg?raw';
import pause from 'lucide-static/icons/pause.svg?raw';
import pencilRuler from 'lucide-static/icons/pencil-ruler.svg?raw';
import play from 'lucide-static/icons/play.svg?raw';
import plus from 'lucide-static/icons/plus.svg?raw';
import redo from 'lucide-static/icons/redo-2.svg?raw';
import refresh from 'lucide-static/icons/refresh-cw.svg?raw';
import rotateCcw from 'lucide-static/icons/rotate-ccw.svg?raw';
import save from 'lucide-static/icons/save.svg?raw';
import scrollText from 'lucide-static/icons/scroll-text.svg?raw';
import search from 'lucide-static/icons/search.svg?raw';
import server from 'lucide-static/icons/server.svg?raw';
import settings from 'lucide-static/icons/settings-2.svg?raw';
import shieldCheck from 'lucide-static/icons/shield-check.svg?raw';
import sparkles from 'lucide-static/icons/sparkles.svg?raw';
import squareTerminal from 'lucide-static/icons/square-terminal.svg?raw';
import stop from 'lucide-static/icons/square.svg?raw';
import sun from 'lucide-static/icons/sun.svg?raw';
import sunMoon from 'lucide-static/icons/sun-moon.svg?raw';
import tag from 'lucide-static/icons/tag.svg?raw';
import terminal from 'lucide-static/icons/terminal.svg?raw';
import trash from 'lucide-static/icons/trash-2.svg?raw';
import triangleAlert from 'lucide-static/icons/triangle-alert.svg?raw';
import undo from 'lucide-static/icons/undo-2.svg?raw';
import variable from 'lucide-static/icons/variable.svg?raw';
import wrapText from 'lucide-static/icons/text-wrap.svg?raw';
import x from 'lucide-static/icons/x.svg?raw';
import zap from 'lucide-static/icons/zap.svg?raw';

const sources = {
  archive,
  'arrow-down': arrowDown,
  'arrow-up': arrowUp,
  boxes,
  braces,
  camera,
  check,
  'chevron-down': chevronDown,
  'chevron-right': chevronRight,
  circle,
  'circle-alert': circleAlert,
  'circle-check': circleCheck,
  'circle-dashed': circleDashed,
  'circle-slash': circleSlash,
  'circle-x': circleX,
  clock,
  code,
  copy,
  enter: cornerDownLeft,
  cpu,
  download,
  ellipsis,
  eye,
  'eye-off': eyeOff,
  'file-code': fileCode,
  'file-text': fileText,
  'file-up': fileUp,
  'git-branch': gitBranch,
  folder,
  'folder-open': folderOpen,
  function: functionSquare,
  hammer,
  'hard-drive': hardDrive,
  hash,
  history,
  info,
  keyboard,
  layers,
  library,
  list,
  'list-tree': listTree,
  loader,
  minus,
  monitor,
  moon,
  'octagon-x': octagonX,
  package: packageIcon,
  'panel-left': panelLeft,
  'panel-right': panelRight,
  pause,
  'pencil-ruler': pencilRuler,
  play,
  plus,
  redo,
  refresh,
  'rotate-ccw': rotateCcw,
  save,
  'scroll-text': scrollText,
  search,
  server,
  settings,
  'shield-check': shieldCheck,
  sparkles,
  'square-terminal': squareTerminal,
  stop,
  sun,
  'sun-moon': sunMoon,
  tag,
  terminal,
  trash,
  'triangle-alert': triangleAlert,
  undo,
  variable,
  'wrap-text': wrapText,
  x,
  zap,
} as const;

export type IconName = keyof typeof sources;

const inner = new Map<IconName, string>();

/** The shapes inside an icon's `<svg>` element. */
export function iconShapes(name: IconName): string {
  let shapes = inner.get(name);
  if (shapes === undefined) {
    const source = sources[name];
    shapes = source.slice(source.indexOf('>', source.indexOf('<svg')) + 1, source.lastIndexOf('</svg>'));
    inner.set(name, shapes);
  }
  return shapes;
}
