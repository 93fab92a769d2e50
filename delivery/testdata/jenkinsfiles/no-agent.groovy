// refused: pipeline has no 'agent'
pipeline {
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps { sh 'make unit' }
        }
    }
}
