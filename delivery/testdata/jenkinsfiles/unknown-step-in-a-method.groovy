// refused: an unknown step 'slackSend'
pipeline {
    agent any
    options { timeout(time: 1, unit: 'HOURS') }
    stages {
        stage('Test') {
            options { timeout(time: 5, unit: 'MINUTES') }
            steps {
                tell()
            }
        }
    }
}

void tell() {
    slackSend 'done'
}
