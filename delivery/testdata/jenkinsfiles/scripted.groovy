// refused: a Jenkinsfile is one pipeline { } block
node {
    sh 'make unit'
}
