// refused: stages holds 'sh'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        sh 'make unit'
    }
}
