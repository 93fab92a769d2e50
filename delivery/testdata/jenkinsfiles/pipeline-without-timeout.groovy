// refused: pipeline has no timeout in its options
pipeline {
    agent any
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps { sh 'make unit' }
        }
    }
}
