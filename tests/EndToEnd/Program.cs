using Nanodet.Serverless.EndToEnd.Tests;
using Nanodet.Serverless.EndToEnd.Tests.Hosting;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

return args switch
{
    [ChildHost.Verb, var settings] => await ChildHost.RunAsync(settings),
    _ when args.Contains("--server") =>
        await TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
    _ => await ConsoleRunner.Run(args),
};
