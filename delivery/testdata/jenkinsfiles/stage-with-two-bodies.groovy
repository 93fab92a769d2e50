// refused: stage 'Test' has steps and parallel
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps { sh 'make unit' }
            parallel {
                stage('Lint') { steps { sh 'make lint' } }
            }
        }
    }
}
