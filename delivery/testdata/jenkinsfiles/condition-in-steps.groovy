// refused: holds something that is no step
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                if (env.BRANCH_NAME == 'main') {
                    sh 'make deploy'
                }
            }
        }
    }
}
