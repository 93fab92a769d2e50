// refused: stage 'Test' has no timeout in its options
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            steps { sh 'make unit' }
        }
    }
}
