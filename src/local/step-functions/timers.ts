export { pause, systemTimers, type Timers } from '../../core/timers';
