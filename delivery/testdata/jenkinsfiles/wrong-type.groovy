// refused: which is not a whole number
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                retry('three') {
                    sh 'make unit'
                }
            }
        }
    }
}
