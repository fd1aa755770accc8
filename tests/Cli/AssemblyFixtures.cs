using Nanodet.Serverless.Cli.Tests.Demo;

[assembly: AssemblyFixture(typeof(DemoModel))]
