// refused: has parallel stages, so it has no agent of its own
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            agent any
            options { timeout(time: 5, unit: 'MINUTES') }
            parallel {
                stage('A') { steps { sh 'make lint' } }
            }
        }
    }
}
