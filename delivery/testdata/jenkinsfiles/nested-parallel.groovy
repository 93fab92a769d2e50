// refused: parallel does not nest
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            parallel {
                stage('A') {
                    parallel {
                        stage('B') { steps { sh 'make lint' } }
                    }
                }
            }
        }
    }
}
