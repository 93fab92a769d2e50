// refused: two stages are named 'Test'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            stages {
                stage('Test') { steps { sh 'make unit' } }
            }
        }
    }
}
