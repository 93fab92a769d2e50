// refused: pipeline has no 'stages'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
}
