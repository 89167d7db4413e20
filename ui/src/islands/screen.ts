// The machine's live screen: loaded when somebody looks at it, and not before.
export { default as RFB } from '@novnc/novnc';
