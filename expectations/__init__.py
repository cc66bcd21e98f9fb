"""Great Expectations suites on raw and on marts, as code; their results as rows and as one offline page."""
