export { bridgeNamespace, type BridgedKeys, type ClsNamespace } from './context/cls-hooked';
