// refused: which is not a list
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                withCredentials([secret(id: 'a')]) {
                    sh 'make unit'
                }
            }
        }
    }
}
