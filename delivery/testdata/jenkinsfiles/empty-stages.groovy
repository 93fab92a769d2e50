// refused: stages holds no stage
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages { }
}
