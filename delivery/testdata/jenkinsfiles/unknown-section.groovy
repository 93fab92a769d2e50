// refused: pipeline knows no section 'stage'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stage('Test') { }
    stages {
        stage('Unit') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps { sh 'make unit' }
        }
    }
}
