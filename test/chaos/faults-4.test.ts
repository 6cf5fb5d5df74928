import { describeMatrix } from './matrix-tests.ts'

describeMatrix(3)
