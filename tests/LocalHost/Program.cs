using Nanodet.Serverless.LocalHost.Tests;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

return args switch
{
    [ChildHost.Verb, var app, var data] => await ChildHost.RunAsync(app, data),
    [ChildHost.VerbOfStorage, var app, var connection, var prefix] => await ChildHost.RunAsync(app, connection, prefix),
    [NextRun.Verb, var expression, var now] => await NextRun.SayAsync(expression, now),
    _ when args.Contains("--server") => await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    _ => await ConsoleRunner.Run(args),
};
