using Nanodet.Serverless.Browser.Tests.Browsing;

// One app and one browser for all: they take seconds to start.
[assembly: AssemblyFixture(typeof(RunningApp))]
[assembly: AssemblyFixture(typeof(Chromium))]
